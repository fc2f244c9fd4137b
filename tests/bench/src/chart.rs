//! Charts as SVG.

use std::{error::Error, path::Path};

use plotters::prelude::{
    Color as _, IntoDrawingArea as _, IntoFont as _, RGBColor, Rectangle, SVGBackend, Text, WHITE,
};

/// One bar.
#[derive(Debug)]
pub(crate) struct Bar {
    pub(crate) name: String,
    pub(crate) value: f64,
    /// What stands behind it.
    pub(crate) label: String,
    pub(crate) kind: Kind,
}

/// Whose bar it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Ours,
    Peer,
    Primitives,
}

/// Draws bars from left to right, one below the other.
///
/// # Errors
///
/// When the file cannot be written.
pub(crate) fn bars(path: &Path, title: &str, bars: &[Bar]) -> Result<(), Box<dyn Error>> {
    let height = 64 + HIGH * pixels(bars.len());
    let area = SVGBackend::new(path, (WIDTH, height.unsigned_abs())).into_drawing_area();
    area.fill(&WHITE)?;
    area.draw(&Text::new(
        title.to_owned(),
        (16, 16),
        ("sans-serif", 18).into_font(),
    ))?;
    let longest = bars.iter().map(|bar| bar.value).fold(1.0, f64::max);
    for (place, bar) in bars.iter().enumerate() {
        let top = 52 + HIGH * pixels(place);
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a fraction of the width of a chart"
        )]
        let length = (bar.value.max(0.0) / longest * ROOM).round() as i32;
        let color = match bar.kind {
            Kind::Ours => BLUE,
            Kind::Peer => GRAY,
            Kind::Primitives => GREEN,
        };
        let font = ("sans-serif", 14).into_font();
        area.draw(&Text::new(bar.name.clone(), (16, top + 3), font.clone()))?;
        let corners = [(LEFT, top), (LEFT + length.max(1), top + HIGH - 7)];
        area.draw(&Rectangle::new(corners, color.filled()))?;
        area.draw(&Text::new(
            bar.label.clone(),
            (LEFT + length + 8, top + 3),
            font,
        ))?;
    }
    Ok(area.present()?)
}

fn pixels(count: usize) -> i32 {
    i32::try_from(count).unwrap_or_default()
}

const WIDTH: u32 = 900;
/// Where bars begin.
const LEFT: i32 = 270;
/// How long the longest bar is, so that its label fits behind it.
const ROOM: f64 = 480.0;
/// How far one bar is below the other.
const HIGH: i32 = 26;

const BLUE: RGBColor = RGBColor(31, 98, 184);
const GRAY: RGBColor = RGBColor(150, 150, 150);
const GREEN: RGBColor = RGBColor(96, 160, 96);
