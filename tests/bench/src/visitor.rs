use std::{error::Error, future::Future};

use futures_util::future::LocalBoxFuture;
use tokio::task::yield_now;

use crate::{meter::Meter, scenario::Scenario};

/// What answers requests within this process.
pub(crate) trait Application {
    type Request;
    type Answer;

    /// Makes a request; this is not measured.
    fn request(&self, path: &str, cookies: &str) -> Result<Self::Request, Box<dyn Error>>;

    /// Answers one; this is.
    fn answer(
        &self,
        request: Self::Request,
    ) -> impl Future<Output = Result<Self::Answer, Box<dyn Error>>>;

    /// Reads the cookies that were set; this is not measured.
    ///
    /// # Errors
    ///
    /// When the answer is not a success.
    fn set_cookies(answer: &Self::Answer) -> Result<Vec<String>, Box<dyn Error>>;
}

/// Asks an application again and again, and keeps its cookies as a browser does.
pub(crate) struct Visitor<A> {
    application: A,
    scenario: Scenario,
    steps: Vec<String>,
    sessions: Vec<(String, String)>,
    cookies: String,
    longest_line: usize,
}

impl<A: Application> Visitor<A> {
    /// Begins the sessions that are there when measuring starts.
    pub(crate) async fn new(application: A, scenario: &Scenario) -> Result<Self, Box<dyn Error>> {
        let mut visitor = Self {
            application,
            scenario: *scenario,
            steps: scenario.case.steps(),
            sessions: Vec::new(),
            cookies: String::new(),
            longest_line: 0,
        };
        visitor.arrange();
        visitor
            .ask(&scenario.case.begin(), &mut Meter::stopped())
            .await?;
        Ok(visitor)
    }

    async fn ask(&mut self, path: &str, meter: &mut Meter) -> Result<(), Box<dyn Error>> {
        // A task that never lets go of its thread is made to by tokio, in the middle of what is measured.
        yield_now().await;
        let request = self.application.request(path, &self.cookies)?;
        let answer = meter.answer(self.application.answer(request)).await?;
        let lines = A::set_cookies(&answer)?;
        meter.release(answer);
        for line in &lines {
            self.keep(line)?;
        }
        if !lines.is_empty() {
            self.arrange();
        }
        Ok(())
    }

    fn keep(&mut self, line: &str) -> Result<(), Box<dyn Error>> {
        let pair = line.split(';').next().unwrap_or_default();
        let (name, value) = pair.split_once('=').ok_or("a cookie without a value")?;
        self.longest_line = self.longest_line.max(line.len());
        match self.sessions.iter_mut().find(|(kept, _)| kept == name) {
            Some((_, kept)) => value.clone_into(kept),
            None => self.sessions.push((name.to_owned(), value.to_owned())),
        }
        Ok(())
    }

    /// Puts the sessions in the middle of the other cookies.
    fn arrange(&mut self) {
        let others: Vec<String> = (0..self.scenario.neighbors).map(neighbor).collect();
        let (before, after) = others.split_at(others.len() * 2 / 5);
        let sessions = self
            .sessions
            .iter()
            .map(|(name, value)| format!("{name}={value}"));
        let all: Vec<String> = before
            .iter()
            .cloned()
            .chain(sessions)
            .chain(after.iter().cloned())
            .collect();
        self.cookies = all.join("; ");
    }
}

/// A cookie that others have set.
fn neighbor(number: usize) -> String {
    match number {
        0 => "_ga=GA1.2.1234567890.1700000000".into(),
        1 => "theme=dark".into(),
        2 => "consent=yes".into(),
        3 => "lang=en-GB".into(),
        4 => "utm=spring-campaign-2026".into(),
        _ => format!("other{number:02}=0123456789abcdef"),
    }
}

/// Somebody to be measured, whatever they are made of.
pub(crate) trait Contestant {
    /// Goes through the steps of a case so many times.
    fn run<'a>(
        &'a mut self,
        rounds: usize,
        meter: &'a mut Meter,
    ) -> LocalBoxFuture<'a, Result<(), Box<dyn Error>>>;

    /// Asks for one page, which is not measured.
    #[cfg(test)]
    fn ask_once<'a>(&'a mut self, path: &'a str) -> LocalBoxFuture<'a, Result<(), Box<dyn Error>>>;

    /// Returns the length of the longest `Set-Cookie` line so far.
    fn longest_line(&self) -> usize;
}

impl<A: Application> Contestant for Visitor<A> {
    fn run<'a>(
        &'a mut self,
        rounds: usize,
        meter: &'a mut Meter,
    ) -> LocalBoxFuture<'a, Result<(), Box<dyn Error>>> {
        Box::pin(async move {
            let steps = self.steps.clone();
            for _ in 0..rounds {
                for step in &steps {
                    self.ask(step, meter).await?;
                }
            }
            Ok(())
        })
    }

    #[cfg(test)]
    fn ask_once<'a>(&'a mut self, path: &'a str) -> LocalBoxFuture<'a, Result<(), Box<dyn Error>>> {
        Box::pin(async move { self.ask(path, &mut Meter::stopped()).await })
    }

    fn longest_line(&self) -> usize {
        self.longest_line
    }
}
