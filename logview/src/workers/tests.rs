use super::*;
use crate::model::{FileEvent, Focus};
use crate::reading::page::Only;
use crate::reading::{Anchor, Page};
use crate::source::{Local, Place};
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
    let place = |job: &str| Place { job: job.into(), file: "debug.log".into() };
    let jobs = vec![(place("a"), Vec::new()), (place("b"), vec!["error.log".into()])];
    reader.ask(Request::ShowJobs { tag: 7, jobs });
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
