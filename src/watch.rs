//! Progress on standard error: a bar, JSON lines, or nothing; and Ctrl-C.

use std::io::{IsTerminal as _, stderr};
use std::time::{Duration, Instant};

use engine::{Progress, Step};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use crate::interrupt::Interrupt;
use crate::messages::{Messages, json_line};

/// At most one JSON line in this time.
const LINE_EVERY: Duration = Duration::from_millis(250);

/// Watches a package grow until somebody asks to stop.
#[derive(Debug)]
pub(crate) struct Watch {
    interrupt: Interrupt,
    form: Form,
}

#[derive(Debug)]
enum Form {
    Silent,
    Bar(ProgressBar),
    Json { last_line: Option<Instant>, last_step: Option<Step> },
}

impl Watch {
    /// A bar on a terminal, JSON lines elsewhere.
    pub(crate) fn auto(interrupt: Interrupt) -> Self {
        if !stderr().is_terminal() {
            return Self::json(interrupt);
        }
        let template = "{bar:30} {msg}  {bytes}/{total_bytes}  {eta} left";
        let style = ProgressStyle::with_template(template);
        let style = style.unwrap_or_else(|_error| ProgressStyle::default_bar());
        let bar = ProgressBar::new(0).with_style(style);
        Self { interrupt, form: Form::Bar(bar) }
    }

    /// JSON lines.
    pub(crate) fn json(interrupt: Interrupt) -> Self {
        Self { interrupt, form: Form::Json { last_line: None, last_step: None } }
    }

    /// Nothing.
    pub(crate) fn silent(interrupt: Interrupt) -> Self {
        Self { interrupt, form: Form::Silent }
    }

    /// The form of the messages beside it.
    pub(crate) fn messages(&self) -> Messages {
        match self.form {
            Form::Json { .. } => Messages::Json,
            Form::Silent | Form::Bar(_) => Messages::Sentences,
        }
    }

    /// Says how it ended.
    pub(crate) fn finish(&mut self) {
        match &mut self.form {
            Form::Silent => {}
            Form::Bar(bar) => bar.finish_and_clear(),
            Form::Json { last_step, .. } => {
                if let Some(step) = last_step.take() {
                    write_line(step);
                }
            }
        }
    }
}

impl Progress for Watch {
    fn step(&mut self, step: Step) -> bool {
        match &mut self.form {
            Form::Silent => {}
            Form::Bar(bar) => {
                bar.set_length(step.of_source_bytes);
                bar.set_position(step.source_bytes);
                bar.set_message(format!("{}/{}", step.instances, step.of_instances));
            }
            Form::Json { last_line, last_step } => {
                *last_step = Some(step);
                if last_line.is_none_or(|at| at.elapsed() >= LINE_EVERY) {
                    *last_line = Some(Instant::now());
                    *last_step = None;
                    write_line(step);
                }
            }
        }
        !self.interrupt.is_asked()
    }
}

fn write_line(step: Step) {
    json_line(&json!({
        "event": "progress",
        "instances": step.instances,
        "of_instances": step.of_instances,
        "received_instances": step.received_instances,
        "received_bytes": step.received_bytes,
        "source_bytes": step.source_bytes,
        "of_source_bytes": step.of_source_bytes,
        "written_bytes": step.written_bytes,
    }));
}
