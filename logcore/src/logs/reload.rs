//! The template is read again, and everything is put under the new one or nothing is.

use super::upkeep::RETAIN_SOON;
use super::{Inner, absolute};
use crate::disk;
use crate::error::Error;
use crate::job::Job;
use crate::lock::lock;
use crate::modes;
use crate::template::{Template, unreadable};
use log::Level;
use std::fs;
use std::io;
use std::sync::Arc;
use std::time::Instant;

impl Inner {
    /// Calls `act` with the plan in force for `job`, which then is under the newest one.
    pub(super) fn with_plan(&self, job: &Job, act: impl FnOnce(&crate::template::Plan)) -> Result<(), Error> {
        let mut template = Arc::clone(&self.template());
        act(&*template.plan_for(&job.core().vars)?);
        // A reload under way has perhaps put the job under a newer one before `act` took it back.
        while !Arc::ptr_eq(&template, &self.template()) {
            template = Arc::clone(&self.template());
            job.core().apply(&*template.plan_for(&job.core().vars)?, self);
        }
        Ok(())
    }

    /// Reads the template; if its text is new, or if `anyway`, puts everything under it or says why not.
    pub(crate) fn reload(self: &Arc<Self>, anyway: bool) -> Result<(), Error> {
        let began = Instant::now();
        let mut seen = lock(&self.seen);
        let bytes = match fs::read(&self.config) {
            Ok(bytes) => bytes,
            // Deleted, to be recreated: the watcher says so if it stays away.
            Err(error) if !anyway && error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => {
                let error = unreadable(&self.config, &error);
                let why = error.to_string();
                if anyway || seen.unreadable.as_ref() != Some(&why) {
                    self.note(Level::Error, format_args!("the old config stays in force: {why}"));
                    seen.unreadable = Some(why);
                }
                return Err(error.into());
            }
        };
        seen.unreadable = None;
        let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
        if !anyway && seen.text == text {
            return Ok(());
        }
        text.clone_into(&mut seen.text);
        match Template::parse(&self.config, text).and_then(|template| self.follow(template)) {
            Ok((changes, jobs)) => {
                let took = began.elapsed();
                let file = self.config.display();
                disk::add_reload(&self.root, self.alive.process(), &changes);
                self.note(
                    Level::Info,
                    format_args!("config reloaded: {changes}; {jobs} live jobs, {took:.1?} ({file})"),
                );
                Ok(())
            }
            Err(error) => {
                self.note(Level::Error, format_args!("config refused, the old one stays in force: {error}"));
                Err(error.into())
            }
        }
    }

    /// Once an override of the template in force has ended, the jobs follow what is left of it. The file is not read: it
    /// may be refused by now, or gone.
    pub(crate) fn let_go_of_overrides(self: &Arc<Self>) {
        let _one_at_a_time = lock(&self.seen);
        let template = self.template.load_full();
        if template.plan().until().is_none_or(|until| chrono::Utc::now() < until) {
            return;
        }
        let followed = Template::parse(&self.config, template.text().as_bytes())
            .and_then(|template| self.follow(template));
        match followed {
            Ok(_) => self.note(
                Level::Info,
                format_args!(
                    "an override of `logcore.jobs` has ended: its jobs follow the rest of the template"
                ),
            ),
            // What is in force was parsed before.
            Err(error) => self.note(Level::Error, format_args!("an override cannot be taken back: {error}")),
        }
    }

    /// Puts the server log and all live jobs under `template`, or none of them.
    fn follow(self: &Arc<Self>, template: Template) -> Result<(String, usize), crate::ConfigError> {
        let jobs = self.live_jobs();
        let mut rendered = Vec::with_capacity(jobs.len() + 1);
        for core in jobs.iter().chain([self.server()]).map(Job::core) {
            let plan = template.plan_for(&core.vars)?;
            let own = core.render(&plan, self);
            // Encoders that all jobs share are tried once: what they put in for a job is text, escaped already.
            if rendered.is_empty() || !Arc::ptr_eq(&plan, template.plan()) {
                own.dispatch.dry_run(&core.vars);
            }
            rendered.push((core, plan, own));
        }
        let old = self.template.load_full();
        let changes = template.differences(&old);
        let plan = template.plan();
        let moved = absolute(&plan.dir) != self.root || plan.server != self.server_id();
        self.files.set_settings(&template.plan().settings);
        modes::set(template.plan().modes);
        let retention = template.plan().retention;
        // Jobs that start from here on are under the new one; those that started before are in the list or look again.
        self.template.store(Arc::new(template));
        for (core, plan, own) in rendered {
            core.adopt(own, &plan, self);
        }
        if retention != old.plan().retention {
            self.retain_after(RETAIN_SOON);
        }
        if moved {
            let (root, server) = (self.root.display(), self.server_id());
            self.note(
                Level::Warn,
                format_args!(
                    "logcore.dir and logcore.server are read at the start: until the next one they stay {root} and {server:?}"
                ),
            );
        }
        Ok((changes, jobs.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Logs;
    use log::{LevelFilter, Log};

    #[test]
    fn a_level_that_is_set_while_a_reload_renders_stays_set() {
        let dir = tempfile::tempdir().unwrap();
        let config = dir.path().join("log.yaml");
        let root = dir.path().join("logs");
        let text = format!("logcore: {{ dir: {root:?} }}\nappenders: {{}}\nroot: {{ level: info }}\n");
        fs::write(&config, text).unwrap();
        let logs = Logs::from_file(&config).unwrap();
        let job = logs.job("j").start().unwrap();
        let plan = Arc::clone(logs.inner.template().plan());
        let rendered = job.core().render(&plan, &logs.inner);
        logs.set_level("j", LevelFilter::Trace).keep().unwrap();
        job.core().adopt(rendered, &plan, &logs.inner);
        assert!(job.enabled(&log::Metadata::builder().level(Level::Trace).build()));
    }
}
