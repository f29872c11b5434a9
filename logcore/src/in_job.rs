//! Futures in a job: entered at every poll, left at every pending, whatever threads the executor uses.

use crate::job::Job;
use pin_project_lite::pin_project;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

/// Adds [`in_job`](InJob::in_job) to every future.
pub trait InJob: Future + Sized {
    /// The same future, whose records go to `job`.
    ///
    /// The job is entered for each poll and left when the poll returns, so that a worker thread that runs another
    /// task next is not in it. It is dropped in the job too, finished or cancelled. The future holds a clone of the job until it is dropped.
    ///
    /// ```no_run
    /// use logcore::InJob;
    /// # async fn fetch() {}
    /// # async fn host(job: logcore::Job) {
    /// fetch().in_job(&job).await;
    /// # }
    /// ```
    fn in_job(self, job: &Job) -> InJobFuture<Self> {
        InJobFuture { future: Some(self), job: job.clone() }
    }
}

impl<F: Future> InJob for F {}

pin_project! {
    /// What [`InJob::in_job`] returns.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless they are polled"]
    pub struct InJobFuture<F> {
        // Empty only while it is dropped.
        #[pin]
        future: Option<F>,
        job: Job,
    }

    impl<F> PinnedDrop for InJobFuture<F> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            // What it logs when it is cancelled is the job's too.
            let _in = this.job.enter();
            this.future.set(None);
        }
    }
}

impl<F: Future> Future for InJobFuture<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let _in = this.job.enter();
        match this.future.as_pin_mut() {
            Some(future) => future.poll(context),
            None => Poll::Pending,
        }
    }
}
