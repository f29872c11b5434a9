use super::*;
use crate::model::{FileEvent, Focus, Side, SoughtLog, State};
use crate::reading::page::Only;
use crate::reading::{Anchor, Page, Window};
use crate::source::Local;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

/// What reads the file on screen, without a screen.
struct Reader {
    orders: Sender<pager::Order>,
    messages: Receiver<Message>,
    shared: Arc<Shared>,
    _others: (Receiver<indexer::Order>, Receiver<searcher::Order>, Receiver<taker::Order>),
}

impl Reader {
    fn over(root: &Path) -> Reader {
        let source: Arc<dyn Source> = Arc::new(Local::new(root));
        let (out, messages) = sync_channel(WAITING);
        let shared = Arc::new(Shared::default());
        shared.polling.store(true, Ordering::Relaxed);
        let (orders, received) = channel();
        let ((to_indexer, _, index), (to_searcher, _, search)) = (Post::new(), Post::new());
        let ((to_finder, to_find, find), (to_taker, _, take)) = (Post::new(), Post::new());
        let posts = (to_indexer, to_searcher, to_finder, to_taker);
        let run = pager::run(Arc::clone(&source), Arc::clone(&shared), received, out.clone(), posts, None);
        spawn("pager", &out, run);
        older::start(&source, &shared, (to_find, find), orders.clone(), &out);
        Reader { orders, messages, shared, _others: (index, search, take) }
    }

    fn ask(&self, request: Request) {
        self.shared.requests.fetch_add(1, Ordering::Relaxed);
        self.orders.send(pager::Order::Request(request)).unwrap();
    }

    fn page(&self) -> Page {
        let anchor = (Anchor::End, 100, 0);
        self.ask(Request::Page {
            tag: 7,
            number: 1,
            anchor: anchor.0,
            before: anchor.1,
            after: anchor.2,
            only: Only::ALL,
            focus: Focus::Bottom,
            patience: 0,
        });
        loop {
            if let Message::Page { page, .. } = self.messages.recv_timeout(Duration::from_secs(20)).unwrap() {
                return page;
            }
        }
    }

    /// Waits until the log says this: of each line its job's number and its last word.
    fn until(&self, wanted: &[(u16, &str)]) {
        let started = Instant::now();
        loop {
            let page = self.page();
            let word =
                |text: &[u8]| String::from_utf8_lossy(text).rsplit(' ').next().unwrap_or("").to_owned();
            let lines: Vec<_> =
                page.lines.iter().map(|line| (line.part.unwrap(), word(&line.text))).collect();
            if lines.iter().map(|(part, word)| (*part, word.as_str())).eq(wanted.iter().copied()) {
                return;
            }
            assert!(started.elapsed() < Duration::from_secs(20), "{lines:?} is not {wanted:?}");
            drop(self.messages.recv_timeout(Duration::from_millis(50)));
        }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.shared.quit.store(true, Ordering::Relaxed);
    }
}

#[test]
fn several_jobs_are_one_log_with_all_that_belongs_to_each() {
    let root = tempfile::tempdir().unwrap();
    let append = |file: &str, second: u32, level: &str, word: &str| {
        let path = root.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let mut file = fs::File::options().append(true).create(true).open(path).unwrap();
        file.write_all(format!("[{level}] [2026-11-22T16:20:{second:02}Z] {word}\n").as_bytes()).unwrap();
    };
    append("a/debug.log.1", 1, "DEBUG", "rolled");
    append("a/debug.log", 5, "DEBUG", "a");
    append("b/debug.log", 4, "DEBUG", "b");
    // One of b's level files does not hold what the other does.
    append("b/error.log", 6, "ERROR", "apart");
    let reader = Reader::over(root.path());
    let side = |job: &str, with: &[&str]| Side {
        log: SoughtLog {
            job: job.into(),
            live: "debug.log".into(),
            with: with.iter().map(PathBuf::from).collect(),
            ..SoughtLog::default()
        },
        window: Window::default(),
        name: String::new(),
        run: None,
        state: State::Running,
        took: None,
    };
    let jobs = vec![side("a", &[]), side("b", &["error.log"])];
    reader.ask(Request::ShowJobs { tag: 7, jobs, since_start: false });
    let before = [(0, "rolled"), (1, "b"), (0, "a"), (1, "apart")];
    reader.until(&before);
    append("b/debug.log", 8, "INFO", "late");
    append("a/debug.log", 9, "INFO", "later");
    reader.until(&[&before[..], &[(1, "late"), (0, "later")]].concat());
    // A job that goes away takes nothing of the others along.
    fs::rename(root.path().join("a"), root.path().join("c")).unwrap();
    let gone = |message: Message| matches!(message, Message::File { event: FileEvent::Gone, .. });
    append("b/debug.log", 10, "INFO", "alone");
    reader.until(&[&before[..], &[(1, "late"), (0, "later"), (1, "alone")]].concat());
    assert!(!reader.messages.try_iter().any(gone), "one of them is still there");
}

#[test]
fn two_runs_of_a_job_stand_side_by_side_from_their_starts_on_and_the_last_one_grows() {
    let root = tempfile::tempdir().unwrap();
    fs::create_dir(root.path().join("a")).unwrap();
    let append = |minute: u32, second: u32, word: &str| {
        let mut file =
            fs::File::options().append(true).create(true).open(root.path().join("a/debug.log")).unwrap();
        file.write_all(format!("[INFO] [2026-11-22T16:{minute:02}:{second:02}Z] {word}\n").as_bytes())
            .unwrap();
    };
    append(10, 1, "other");
    append(20, 1, "first");
    append(20, 5, "third");
    append(30, 3, "second");
    let start = |minute: &str| crate::model::millis(format!("2026-11-22T16:{minute}:00Z").as_bytes());
    let side = |from: &str, until: Option<&str>| Side {
        log: SoughtLog { job: "a".into(), live: "debug.log".into(), ..SoughtLog::default() },
        window: Window { from: start(from), until: until.and_then(start), clock: start(from) },
        name: String::new(),
        run: None,
        state: State::Running,
        took: None,
    };
    let reader = Reader::over(root.path());
    let jobs = vec![side("20", Some("30")), side("30", None)];
    reader.ask(Request::ShowJobs { tag: 7, jobs, since_start: true });
    let before = [(0, "first"), (1, "second"), (0, "third")];
    reader.until(&before);
    // What belongs above stands there, as if all had come at once.
    append(30, 4, "between");
    let before = [(0, "first"), (1, "second"), (1, "between"), (0, "third")];
    reader.until(&before);
    append(30, 9, "late");
    reader.until(&[&before[..], &[(1, "late")]].concat());
}
