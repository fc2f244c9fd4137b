use std::{error::Error, fmt};

use crate::{case::Case, contender::Contender, size::Size};

/// What is measured: who does what, with how much, among what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Scenario {
    pub(crate) contender: Contender,
    pub(crate) case: Case,
    pub(crate) size: Size,
    /// How many keys there are in the ring.
    pub(crate) keys: usize,
    /// How many other cookies the visitor sends.
    pub(crate) neighbors: usize,
}

impl Scenario {
    pub(crate) const fn new(contender: Contender, case: Case, size: Size) -> Self {
        Self {
            contender,
            case,
            size,
            keys: 1,
            neighbors: 5,
        }
    }

    /// Tells whether the contender can do that, with so much.
    pub(crate) const fn is_possible(&self) -> bool {
        self.contender.can(self.case) && self.contender.holds(self.size)
    }

    /// The words that [`Scenario::parse`] takes.
    pub(crate) fn words(&self) -> [String; 5] {
        [
            self.contender.to_string(),
            self.case.to_string(),
            self.size.to_string(),
            self.keys.to_string(),
            self.neighbors.to_string(),
        ]
    }

    /// # Errors
    ///
    /// Names the word that means nothing.
    pub(crate) fn parse(words: &[String]) -> Result<Self, Box<dyn Error>> {
        let [contender, case, size, rest @ ..] = words else {
            return Err("what is measured has a contender, a case and a size".into());
        };
        let mut scenario = Self::new(contender.parse()?, case.parse()?, size.parse()?);
        if let [keys, neighbors] = rest {
            scenario.keys = keys.parse()?;
            scenario.neighbors = neighbors.parse()?;
        }
        Ok(scenario)
    }
}

impl fmt::Display for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.contender, self.case, self.size)
    }
}
