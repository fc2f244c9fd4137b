//! Charts as SVG: bars for who costs what, curves for what grows with what.

use std::{error::Error, path::Path};

use plotters::prelude::{
    BLACK, ChartBuilder, Circle, Color as _, IntoDrawingArea as _, IntoFont as _,
    IntoLogRange as _, LineSeries, RGBColor, Rectangle, SVGBackend, SeriesLabelPosition, Text,
    WHITE,
};
use serde::{Deserialize, Serialize};

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

/// One line through some points.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Curve {
    pub(crate) name: String,
    pub(crate) points: Vec<(f64, f64)>,
}

/// How the values on an axis are spread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Axis {
    Linear,
    Logarithmic,
}

/// Draws curves over one axis, with zero at the bottom.
///
/// # Errors
///
/// When the file cannot be written.
pub(crate) fn curves(
    path: &Path,
    (title, across, up): (&str, &str, &str),
    axis: Axis,
    curves: &[Curve],
) -> Result<(), Box<dyn Error>> {
    let points = || curves.iter().flat_map(|curve| curve.points.iter().copied());
    let first = points().map(|(x, _)| x).fold(f64::INFINITY, f64::min);
    let last = points().map(|(x, _)| x).fold(first + 1.0, f64::max);
    let highest = points().map(|(_, y)| y).fold(1.0, f64::max) * 1.15;
    let area = SVGBackend::new(path, (WIDTH, 420)).into_drawing_area();
    area.fill(&WHITE)?;
    let mut builder = ChartBuilder::on(&area);
    builder
        .caption(title, ("sans-serif", 18))
        .margin(16)
        .x_label_area_size(44)
        .y_label_area_size(84);
    // The two axes are two types.
    macro_rules! draw {
        ($range:expr) => {{
            let mut chart = builder.build_cartesian_2d($range, 0.0..highest)?;
            chart
                .configure_mesh()
                .light_line_style(WHITE)
                .x_desc(across)
                .y_desc(up)
                .x_label_formatter(&|value| short(*value))
                .y_label_formatter(&|value| short(*value))
                .draw()?;
            for (place, curve) in curves.iter().enumerate() {
                let color = COLORS.into_iter().cycle().nth(place).unwrap_or(BLUE);
                let line = LineSeries::new(curve.points.iter().copied(), color.stroke_width(2));
                chart
                    .draw_series(line)?
                    .label(curve.name.clone())
                    .legend(move |(x, y)| {
                        Rectangle::new([(x, y - 2), (x + 16, y + 2)], color.filled())
                    });
                let dots = curve.points.iter();
                chart.draw_series(dots.map(|point| Circle::new(*point, 3, color.filled())))?;
            }
            chart
                .configure_series_labels()
                .position(SeriesLabelPosition::UpperLeft)
                .background_style(WHITE.mix(0.8))
                .border_style(BLACK.mix(0.3))
                .draw()?;
        }};
    }
    match axis {
        Axis::Linear => draw!(first..last),
        Axis::Logarithmic => draw!((first..last).log_scale()),
    }
    Ok(area.present()?)
}

/// Writes a value on an axis: `10 M`, `2.5 k`, `300`.
fn short(value: f64) -> String {
    if value >= 1e6 {
        format!("{} M", rounded(value / 1e6))
    } else if value >= 1e4 {
        format!("{} k", rounded(value / 1e3))
    } else {
        rounded(value)
    }
}

fn rounded(value: f64) -> String {
    ((value * 10.0).round() / 10.0).to_string()
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
const COLORS: [RGBColor; 5] = [
    BLUE,
    RGBColor(200, 96, 32),
    GREEN,
    RGBColor(140, 80, 170),
    GRAY,
];
