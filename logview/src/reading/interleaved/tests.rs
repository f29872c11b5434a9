use super::super::lines::tests::Memory;
use super::*;
use proptest::prelude::*;

/// A part that is seen as far as it is said to be.
fn over(texts: &[String], step: u64) -> Interleaved {
    since(texts, &[], step)
}

/// The same, each with a clock that goes from so many tenths of a second after 16:00 on.
fn since(texts: &[String], starts: &[u64], step: u64) -> Interleaved {
    let (four, _) = instant(b"2026-11-22T16:00:00Z").unwrap();
    let part = |(nth, text): (usize, &String)| {
        let bytes: Arc<dyn Bytes> = Arc::new(Memory(text.clone().into_bytes()));
        let clock =
            starts.get(nth).map(|tenths| (four + (tenths / 10) as i64, (tenths % 10) as u32 * 100_000_000));
        (bytes, Format::default(), clock.unwrap_or_default())
    };
    Interleaved::with_step(texts.iter().enumerate().map(part).collect(), step)
}

fn whole(row: &Interleaved) -> String {
    let mut data = vec![0; row.len() as usize];
    assert_eq!(row.read_at(&mut data, 0).unwrap(), data.len());
    String::from_utf8(data).unwrap()
}

fn lens(texts: &[String]) -> Vec<u64> {
    texts.iter().map(|text| text.len() as u64).collect()
}

/// Each line with the part that it is said to be from.
fn with_parts(row: &Interleaved) -> Vec<(usize, String)> {
    let mut at = 0;
    let of_line = |line: &str| {
        let part = row.part_at(at).unwrap().unwrap();
        at += line.len() as u64;
        (part, line.to_owned())
    };
    whole(row).split_inclusive('\n').map(of_line).collect()
}

/// Records of several parts: how much later than the one before, whose, how long, and how many more lines.
fn records() -> impl Strategy<Value = Vec<(u64, usize, usize, usize)>> {
    proptest::collection::vec((0..3u64, 0..4usize, 0..60usize, 0..3usize), 0..120)
}

fn record(part: usize, tenths: u64, pad: usize, more: usize) -> String {
    let (minute, second, tenth) = (tenths / 600, tenths / 10 % 60, tenths % 10);
    let more: String = (0..more).map(|number| format!("\tmore {number} of {part}\n")).collect();
    format!("[INFO] [2026-11-22T16:{minute:02}:{second:02}.{tenth}Z] {part} {}\n{more}", "x".repeat(pad))
}

/// Whether each part is said to end where its last line does, whoever asks first.
fn ends_are_told(row: &Interleaved, fresh: &Interleaved) -> bool {
    let mut ends = [0; 4];
    let mut at = 0;
    for (part, line) in with_parts(row) {
        at += line.len() as u64;
        ends[part] = at;
    }
    (0..row.parts.len())
        .all(|part| [fresh, row].iter().all(|row| row.end_of(part).unwrap() == Some(ends[part])))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn all_records_stand_in_the_order_of_time_wherever_one_looks_first(
        records in records(), step in 40..3000u64, looks in proptest::collection::vec(0.0..1.0f64, 0..8),
        starts in proptest::option::of(proptest::array::uniform4(0..5000u64)),
    ) {
        let mut texts = vec![String::new(); 4];
        let (mut now, mut all) = (0, Vec::new());
        for (later, part, pad, more) in records {
            now += later;
            let text = record(part, now + starts.map_or(0, |starts| starts[part]), pad, more);
            texts[part] += &text;
            all.push((now, part, text));
        }
        // Those of one moment stand by part.
        all.sort_by_key(|(now, part, _)| (*now, *part));
        let wanted: String = all.iter().map(|(.., text)| text.as_str()).collect();
        let row = since(&texts, starts.as_ref().map_or(&[], |starts| starts), step);
        prop_assert_eq!(row.grow(&lens(&texts)).unwrap(), wanted.len() as u64);
        for look in looks {
            let from = (wanted.len() as f64 * look) as usize;
            let mut data = vec![0; 97];
            let got = row.read_at(&mut data, from as u64).unwrap();
            prop_assert_eq!(&data[..got], &wanted.as_bytes()[from..wanted.len().min(from + 97)]);
        }
        prop_assert_eq!(&whole(&row), &wanted);
        let fresh = since(&texts, starts.as_ref().map_or(&[], |starts| starts), step);
        fresh.grow(&lens(&texts)).unwrap();
        prop_assert!(ends_are_told(&row, &fresh));
        for (part, line) in with_parts(&row) {
            let said = if line.starts_with('\t') { line.trim_end().rsplit(' ').next() } else { line.split(' ').nth(2) };
            prop_assert_eq!(said.map(str::to_owned), Some(part.to_string()));
        }
    }

    #[test]
    fn whatever_comes_when_every_line_stands_there_once_and_stays(
        records in proptest::collection::vec((0..600u64, 0..3usize, 0..60usize, 0..3usize, any::<bool>()), 0..80),
        cuts in proptest::collection::vec(proptest::array::uniform3(0.0..1.0f64), 0..6), step in 40..3000u64,
    ) {
        // In no order, and some without a time.
        let mut texts = vec![String::new(); 3];
        for (at, part, pad, more, timed) in records {
            texts[part] += &if timed { record(part, at, pad, more) } else { format!("{part} loose {pad}\n") };
        }
        let row = over(&texts, step);
        let (mut before, mut seen) = (String::new(), vec![0; 3]);
        for cut in cuts.into_iter().chain([[1.0; 3]]) {
            for (seen, (text, cut)) in seen.iter_mut().zip(texts.iter().zip(cut)) {
                *seen = (*seen).max((text.len() as f64 * cut) as u64);
            }
            row.grow(&seen).unwrap();
            let now = whole(&row);
            prop_assert!(now.starts_with(&before));
            before = now;
        }
        prop_assert!(ends_are_told(&row, &row));
        let parts = with_parts(&row);
        for (part, text) in texts.iter().enumerate() {
            let of_part: String = parts.iter().filter(|(at, _)| *at == part).map(|(_, line)| line.as_str()).collect();
            prop_assert_eq!(&of_part, text);
        }
    }
}

#[test]
fn what_comes_in_time_makes_no_mark_and_what_comes_late_one() {
    let texts = vec![
        (0..400).map(|second| record(0, 2 * second, 0, 0)).collect::<String>(),
        (0..400).map(|second| record(1, 2 * second + 1, 0, 0)).collect(),
    ];
    let row = over(&texts, STEP);
    let line = record(0, 0, 0, 0).len() as u64;
    (1..=400).for_each(|count| assert!(row.grow(&[line * count, line * count]).unwrap() > 0));
    assert_eq!(row.marks.read().unwrap().count(), 2);
    let late = over(&texts, STEP);
    (1..=400).for_each(|count| assert!(late.grow(&[line * count, 0]).unwrap() > 0));
    (1..=400).for_each(|count| assert!(late.grow(&[line * 400, line * count]).unwrap() > 0));
    assert!((3..=402).contains(&late.marks.read().unwrap().count()));
    assert_eq!(late.len(), row.len());
}

#[test]
fn marks_that_are_too_many_are_thinned() {
    let texts = vec!["loose\n".repeat(200), "also\n".repeat(200)];
    let row = over(&texts, STEP);
    (1..=200).for_each(|count| assert!(row.grow(&[6 * count, 5 * count]).unwrap() > 0));
    let mut marks = row.marks.write().unwrap();
    assert_eq!(marks.count(), 201);
    marks.thin(100);
    assert!((22..=30).contains(&marks.count()), "{}", marks.count());
    drop(marks);
    assert_eq!(row.len(), 2200);
    assert_eq!(whole(&row).lines().filter(|line| *line == "also").count(), 200);
}
