//! The process's maximum level, alone in its process because it is the process's.

use log::LevelFilter;
use logcore::Outcome;
use tests::sandbox::{LEVEL_FILES, Sandbox};

#[test]
fn the_maximum_level_is_that_of_the_most_verbose_that_is_live() {
    let template = LEVEL_FILES.replace("level: debug, appenders", "level: warn, appenders");
    let sandbox = Sandbox::new(&template);

    // As long as the process's logger is another, its level is the least, also if it comes after us.
    let logs = logcore::Logs::from_file(sandbox.config()).unwrap();
    assert_eq!(log::max_level(), LevelFilter::Warn, "the server's");
    log::set_max_level(LevelFilter::Info);
    let job = logs.job("first").level(LevelFilter::Debug).start().unwrap();
    assert_eq!(log::max_level(), LevelFilter::Debug);
    drop(job);
    assert_eq!(log::max_level(), LevelFilter::Info, "the host's own");
    drop(logs);

    let logs = logcore::init(sandbox.config()).unwrap();
    assert_eq!(log::max_level(), LevelFilter::Warn, "the server's");

    let quiet = logs.job("quiet").level(LevelFilter::Error).start().unwrap();
    let loud = logs.job("loud").level(LevelFilter::Debug).start().unwrap();
    assert_eq!(log::max_level(), LevelFilter::Debug);
    logs.set_level("quiet", LevelFilter::Trace).keep().unwrap();
    assert_eq!(log::max_level(), LevelFilter::Trace);
    quiet.finish(Outcome::Ok);
    assert_eq!(log::max_level(), LevelFilter::Debug);

    // A reload of one template never silences a job (log4rs's set_config would).
    sandbox.save(&template.replace("level: warn, appenders", "level: error, appenders"));
    logs.reload().unwrap();
    assert_eq!(log::max_level(), LevelFilter::Debug, "the job's own level stays");
    sandbox.save(&template.replace("buffer:", "jobs: { loud: { level: info } }, buffer:"));
    logs.reload().unwrap();
    assert_eq!(log::max_level(), LevelFilter::Info, "an override for the job counts");
    sandbox.save(&format!("{template}loggers: {{ hyper: {{ level: trace }} }}\n"));
    logs.reload().unwrap();
    assert_eq!(log::max_level(), LevelFilter::Trace, "a logger by target counts");
    sandbox.save(&template);
    logs.reload().unwrap();

    // A second one, from_file, counts as well, for as long as it lives.
    let second = Sandbox::new(&LEVEL_FILES.replace("level: debug, appenders", "level: trace, appenders"));
    let other = logcore::Logs::from_file(second.config()).unwrap();
    assert_eq!(log::max_level(), LevelFilter::Trace);
    drop(other);
    drop(loud);
    assert_eq!(log::max_level(), LevelFilter::Warn);

    // Logs that could not be made count for nothing.
    let third = Sandbox::new(
        &LEVEL_FILES
            .replace("level: debug, appenders", "level: trace, appenders")
            .replace("kind: file, path", "kind: file, append: false, path"),
    );
    std::fs::create_dir_all(third.root().join("server/debug.log")).unwrap();
    logcore::Logs::from_file(third.config()).unwrap_err();
    assert_eq!(log::max_level(), LevelFilter::Warn);
}
