//! The steps of the trait `Store`, each with what may be true after it.

mod elections;
mod epochs;
mod leases;
mod reads;
mod upkeep;
mod writes;

use std::future::Future;
use std::pin::Pin;

use crate::scene::Scene;

/// A step, as the names of tests say it.
pub(crate) struct Step {
    pub(crate) name: String,
    /// Prepares the scene, attempts the step, and panics if the answer or what
    /// is stored is not right.
    pub(crate) run: for<'a> fn(&'a Scene<'a>) -> Pin<Box<dyn Future<Output = ()> + 'a>>,
}

/// The steps that these functions are, each named by what its name says.
macro_rules! steps {
    ($($step:ident),* $(,)?) => {
        vec![$($crate::steps::Step {
            name: stringify!($step).replace('_', " "),
            run: |scene| Box::pin($step(scene)),
        }),*]
    };
}
use steps;

/// All of them.
pub(crate) fn all() -> Vec<Step> {
    let steps = [
        reads::steps(),
        epochs::steps(),
        leases::steps(),
        writes::steps(),
        elections::steps(),
        upkeep::steps(),
    ];
    steps.into_iter().flatten().collect()
}
