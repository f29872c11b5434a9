//! The picture in the README: the real viewer over the real demo, read back through a terminal emulator, as an SVG.
//!
//! ```sh
//! cargo build --release -p tests --bins && target/release/picture logview/screen.svg
//! ```

use anyhow::{Context, Result};
use std::fmt::Write;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;
use tests::terminal::Terminal;

const SIZE: (u16, u16) = (120, 36);

/// Pixels of a cell, and around the screen.
const CELL: (f64, f64) = (8.4, 17.0);
const MARGIN: f64 = 12.0;

/// Background, text and the sixteen colours of a terminal as most have them.
const GROUND: &str = "#16181d";
const TEXT: &str = "#d7dae0";
const COLORS: [&str; 16] = [
    "#16181d", "#f0646c", "#8ccf7e", "#e5c76b", "#67b0e8", "#c47fd5", "#6cbfbf", "#d7dae0", "#5c6370",
    "#f28b92", "#a5d99a", "#ecd492", "#82bdf0", "#d29be0", "#8fd0d0", "#ffffff",
];

fn main() -> Result<()> {
    let target = PathBuf::from(std::env::args_os().nth(1).context("which file is to be written?")?);
    let target = std::path::absolute(target)?;
    let viewer = std::env::current_exe()?.with_file_name("viewer");
    // The demo works on the files that are here, under another name, and leaves its logs elsewhere.
    let elsewhere = tempfile::tempdir()?;
    let input = elsewhere.path().join("srv/work/app");
    fs::create_dir_all(elsewhere.path().join("srv/work"))?;
    std::os::unix::fs::symlink(std::env::current_dir()?, &input)?;
    std::env::set_current_dir(&elsewhere)?;
    let arguments = ["demo", "--jobs", "24", "--input"].map(Into::into);
    let arguments = [&arguments[..], &[input.into()]].concat();
    let mut terminal = Terminal::start(&viewer.to_string_lossy(), &arguments, SIZE, &[]);
    terminal.sees("index-titles-001-06");
    terminal.until("some jobs", |screen| screen.matches('✓').count() > 6);
    // One that goes on for long enough to be seen: it has warnings, and says how far it is.
    terminal.keys("g");
    for _ in 0..24 {
        if terminal.text().contains("▌● pack") {
            break;
        }
        terminal.keys("j");
        std::thread::sleep(Duration::from_millis(100));
    }
    terminal.sees(" left");
    std::thread::sleep(Duration::from_millis(700)); // so that there is something to see
    fs::write(&target, svg(&terminal.screen())?)?;
    terminal.keys("q");
    terminal.ends();
    Ok(())
}

fn svg(screen: &vt100::Screen) -> Result<String> {
    let (columns, rows) = SIZE;
    let (wide, high) = (f64::from(columns) * CELL.0 + 2.0 * MARGIN, f64::from(rows) * CELL.1 + 2.0 * MARGIN);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {wide:.0} {high:.0}\" font-family=\"ui-monospace, Menlo, \
         'DejaVu Sans Mono', Consolas, monospace\" font-size=\"14\">\n<rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"{GROUND}\"/>\n"
    );
    for row in 0..rows {
        let mut column = 0;
        while column < columns {
            let Some(first) = screen.cell(row, column) else { break };
            let look = look(first);
            let (start, mut text) = (column, String::new());
            while let Some(cell) = screen.cell(row, column).filter(|cell| self::look(cell) == look) {
                if !cell.is_wide_continuation() {
                    text += if cell.has_contents() { cell.contents() } else { " " };
                }
                column += 1;
            }
            run(&mut out, (row, start, column - start), &text, &look)?;
        }
    }
    out += "</svg>\n";
    Ok(out)
}

#[derive(PartialEq)]
struct Look {
    fg: String,
    bg: Option<String>,
    bold: bool,
    dim: bool,
    italic: bool,
    underline: bool,
}

fn look(cell: &vt100::Cell) -> Look {
    let (fg, bg) = (color(cell.fgcolor()), color(cell.bgcolor()));
    let (fg, bg) = if cell.inverse() {
        (Some(bg.unwrap_or_else(|| GROUND.to_owned())), Some(fg.unwrap_or_else(|| TEXT.to_owned())))
    } else {
        (fg, bg)
    };
    Look {
        fg: fg.unwrap_or_else(|| TEXT.to_owned()),
        bg,
        bold: cell.bold(),
        dim: cell.dim(),
        italic: cell.italic(),
        underline: cell.underline(),
    }
}

fn color(color: vt100::Color) -> Option<String> {
    match color {
        vt100::Color::Default => None,
        vt100::Color::Idx(index) => COLORS.get(usize::from(index)).map(|color| (*color).to_owned()),
        vt100::Color::Rgb(red, green, blue) => Some(format!("#{red:02x}{green:02x}{blue:02x}")),
    }
}

/// Cells of one look, side by side.
fn run(out: &mut String, (row, column, cells): (u16, u16, u16), text: &str, look: &Look) -> Result<()> {
    let (x, y) = (MARGIN + f64::from(column) * CELL.0, MARGIN + f64::from(row) * CELL.1);
    let wide = f64::from(cells) * CELL.0;
    if let Some(bg) = &look.bg {
        writeln!(
            out,
            "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{wide:.1}\" height=\"{}\" fill=\"{bg}\"/>",
            CELL.1
        )?;
    }
    if text.trim().is_empty() {
        return Ok(());
    }
    let mut style = String::new();
    for (is, what) in [
        (look.bold, " font-weight=\"bold\""),
        (look.dim, " opacity=\"0.6\""),
        (look.italic, " font-style=\"italic\""),
        (look.underline, " text-decoration=\"underline\""),
    ] {
        style += if is { what } else { "" };
    }
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    writeln!(
        out,
        "<text x=\"{x:.1}\" y=\"{:.1}\" fill=\"{}\"{style} textLength=\"{wide:.1}\" lengthAdjust=\"spacingAndGlyphs\" \
         xml:space=\"preserve\">{text}</text>",
        y + 13.0,
        look.fg
    )?;
    Ok(())
}
