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
    /// task next is not in it. The future holds a clone of the job until it is dropped.
    ///
    /// ```no_run
    /// use logcore::InJob;
    /// # async fn fetch() {}
    /// # async fn host(job: logcore::Job) {
    /// fetch().in_job(&job).await;
    /// # }
    /// ```
    fn in_job(self, job: &Job) -> InJobFuture<Self> {
        InJobFuture { future: self, job: job.clone() }
    }
}

impl<F: Future> InJob for F {}

pin_project! {
    /// What [`InJob::in_job`] returns.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless they are polled"]
    pub struct InJobFuture<F> {
        #[pin]
        future: F,
        job: Job,
    }
}

impl<F: Future> Future for InJobFuture<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let _in = this.job.enter();
        this.future.poll(context)
    }
}
