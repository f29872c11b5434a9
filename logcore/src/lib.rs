#![doc = "One log4rs configuration per job."]
#![warn(missing_docs)]
pub mod disk;
