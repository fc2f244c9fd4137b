use std::fmt;

/// A table in Markdown: what stands left is text, what stands right are figures.
#[derive(Debug)]
pub(crate) struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(crate) fn new(head: &[impl ToString]) -> Self {
        let head: Vec<String> = head.iter().map(ToString::to_string).collect();
        let line = (0..head.len()).map(|column| if column == 0 { "---" } else { "--:" });
        let line = line.map(str::to_owned).collect();
        Self {
            rows: vec![head, line],
        }
    }

    pub(crate) fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells);
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for row in &self.rows {
            writeln!(f, "| {} |", row.join(" | "))?;
        }
        Ok(())
    }
}

/// Writes a number with a comma before every three digits.
pub(crate) fn grouped(number: i128) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if number < 0 {
        format!("−{text}")
    } else {
        text
    }
}

/// Writes a number without what stands behind the point.
pub(crate) fn whole(number: f64) -> String {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "it is rounded, and no figure of the report comes near the limits"
    )]
    grouped(number.round() as i128)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_in_groups_of_three() {
        assert_eq!(grouped(7), "7");
        assert_eq!(grouped(-1_234), "−1,234");
        assert_eq!(grouped(1_000_000), "1,000,000");
    }
}
