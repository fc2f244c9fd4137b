//! Finding a session's cookie in the `Cookie` headers of a request.

use memchr::memmem::Finder;

/// Finds the values of every cookie whose name is `name`, over all `Cookie` headers, in the order they were sent.
///
/// `name` is a token: without white space, `;` and `=`.
///
/// Names are compared byte by byte. Nothing is decoded: a browser guards `__Host-` only where a name is spelled so, and a
/// server that reads `__%48ost-id` as `__Host-id` gives that protection away. For the same reason only space and tab are
/// trimmed: with any wider notion of white space, a sibling domain could plant a `\u{2000}__Host-id`, which the browser
/// takes for an ordinary name.
///
/// No neighbor can hide a cookie: pairs are separated by `;` and by nothing else, also between quotes (RFC 6265 section
/// 4.2.1; the quoting and the commas of RFC 2109 are gone). Equal names are all found, since their order says nothing
/// about which is ours (RFC 6265 section 4.2.2). HTTP/2 may split one header into several (RFC 9113 section 8.2.3).
pub(crate) fn values<'a, I>(headers: I, name: &'a Finder<'static>) -> Values<'a, I>
where
    I: Iterator<Item = &'a [u8]>,
{
    Values {
        headers,
        name,
        header: &[],
        seen: 0,
    }
}

/// The values of the cookies of one name; made by [`values`].
#[derive(Debug)]
pub(crate) struct Values<'a, I> {
    headers: I,
    /// Prepared once per session, because preparing costs as much as a search. Looking for the name, rather than taking
    /// the header apart, makes the neighbors nearly free.
    name: &'a Finder<'static>,
    header: &'a [u8],
    /// How much of `header` has been searched.
    seen: usize,
}

impl<'a, I> Iterator for Values<'a, I>
where
    I: Iterator<Item = &'a [u8]>,
{
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        loop {
            let unseen = self.header.get(self.seen..).unwrap_or_default();
            let Some(offset) = self.name.find(unseen) else {
                self.header = self.headers.next()?;
                self.seen = 0;
                continue;
            };
            let start = self.seen + offset;
            let end = start + self.name.needle().len();
            // A name begins behind white space or ';', of which a token has none, so no other begins inside this one.
            self.seen = end;

            let (Some(before), Some(after)) = (self.header.get(..start), self.header.get(end..))
            else {
                continue;
            };
            if !matches!(trim_end(before), [] | [.., b';']) {
                continue;
            }
            let Some(value) = trim_start(after).strip_prefix(b"=") else {
                continue;
            };
            let len = memchr::memchr(b';', value).unwrap_or(value.len());
            self.seen = self.header.len() - value.len() + len;
            return value.get(..len).map(bare);
        }
    }
}

/// Takes the white space off a value, and then one pair of quotes.
///
/// RFC 6265 section 4.1.1 lets a value stand between quotes. We never write them and no value of ours holds one, but
/// clients and proxies that rewrite cookies add them.
fn bare(value: &[u8]) -> &[u8] {
    match trim_end(trim_start(value)) {
        [b'"', quoted @ .., b'"'] => quoted,
        value => value,
    }
}

fn trim_start(mut bytes: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] = bytes {
        bytes = rest;
    }
    bytes
}

fn trim_end(mut bytes: &[u8]) -> &[u8] {
    while let [rest @ .., b' ' | b'\t'] = bytes {
        bytes = rest;
    }
    bytes
}

#[cfg(test)]
mod tests {
    use rand::{RngExt, SeedableRng, rngs::StdRng};

    use super::*;

    const NAME: &[u8] = b"__Host-id";

    fn found(headers: &[&[u8]]) -> Vec<Vec<u8>> {
        let name = Finder::new(NAME);
        values(headers.iter().copied(), &name)
            .map(<[u8]>::to_vec)
            .collect()
    }

    /// What the scan must find, written to be read and not to be fast.
    fn found_slowly(headers: &[&[u8]]) -> Vec<Vec<u8>> {
        fn trimmed(mut bytes: Vec<u8>) -> Vec<u8> {
            let blank = |byte: Option<&u8>| byte.is_some_and(|byte| b" \t".contains(byte));
            while blank(bytes.first()) {
                bytes.remove(0);
            }
            while blank(bytes.last()) {
                bytes.pop();
            }
            bytes
        }
        let mut found = Vec::new();
        for header in headers {
            for pair in header.split(|&byte| byte == b';') {
                let mut halves = pair.splitn(2, |&byte| byte == b'=');
                let name = trimmed(halves.next().unwrap().to_vec());
                let Some(value) = halves.next() else { continue };
                let mut value = trimmed(value.to_vec());
                if value.len() >= 2 && value.starts_with(b"\"") && value.ends_with(b"\"") {
                    value = value[1..value.len() - 1].to_vec();
                }
                if name == NAME {
                    found.push(value);
                }
            }
        }
        found
    }

    #[test]
    fn only_the_exact_name_matches() {
        let none: &[&[u8]] = &[
            b"",
            b";",
            b"; ; ;",
            b"__Host-id",
            b"__Host-id; a=1",
            b"__Host-id;=x",
            b"=__Host-id",
            b"=x",
            b"=",
            b"__%48ost-id=x",
            b"%5F_Host-id=x",
            b"__host-id=x",
            b"__HOST-ID=x",
            b"__Host-i=x",
            b"__Host-id2=x",
            b"x__Host-id=x",
            b"x __Host-id=x",
            b"__Host-id x=x",
            b"a=__Host-id=x",
            b"a= __Host-id=x",
            b"a=\"__Host-id=x\"",
            b"a=1, __Host-id=x",
            b"a=1,__Host-id=x",
            b"$Version=1, __Host-id=x",
            b"\"__Host-id\"=x",
            b"\x0b__Host-id=x",
            b"\x0c__Host-id=x",
            b"\xa0__Host-id=x",
            "\u{2000}__Host-id=x".as_bytes(),
            "__Host-id\u{2000}=x".as_bytes(),
            "a=1; \u{feff}__Host-id=x".as_bytes(),
            b"\0__Host-id=x",
            b"__Host-id\0=x",
            b"__Host-id%3Dx",
            b"__Host-id:x",
        ];
        for header in none {
            assert_eq!(
                found(&[header]),
                Vec::<Vec<u8>>::new(),
                "{}",
                header.escape_ascii()
            );
        }
    }

    #[test]
    fn the_value_is_found_whatever_stands_around_it() {
        let one: &[(&[u8], &[u8])] = &[
            (b"__Host-id=x", b"x"),
            (b"__Host-id=", b""),
            (b"__Host-id=;", b""),
            (b"__Host-id= \t ;", b""),
            (b"__Host-id=x;", b"x"),
            (b"__Host-id=x;;; ; ", b"x"),
            (b" \t__Host-id\t = \tx\t ", b"x"),
            (b"a=1; __Host-id=x; b=2", b"x"),
            (b"a=1;__Host-id=x;b=2", b"x"),
            (b"a=1;\t__Host-id=x", b"x"),
            (b"__Host-id=a=b==", b"a=b=="),
            (b"__Host-id==", b"="),
            (b"__Host-id=%78", b"%78"),
            (b"__Host-id=a b", b"a b"),
            (b"__Host-id=\"x\"", b"x"),
            (b"__Host-id=\t\"x\" ;", b"x"),
            (b"__Host-id=\" x \"", b" x "),
            (b"__Host-id=\"\"", b""),
            (b"__Host-id=\"\"x\"\"", b"\"x\""),
            (b"__Host-id=\"", b"\""),
            (b"__Host-id=\"x", b"\"x"),
            (b"__Host-id=x\"", b"x\""),
            (b"__Host-id=x\"; a=\"1", b"x\""),
            (b"novalue; __Host-id=x", b"x"),
            (b"=; =1; __Host-id=x", b"x"),
            (b"a=\xff\xfe; \xff=1; __Host-id=x; \xc3", b"x"),
            (b"a=\0\x01\x7f; __Host-id=x", b"x"),
            (b"a=\"1; __Host-id=x; b=2\"", b"x"),
            (b"a=\\\"; __Host-id=x", b"x"),
            (b"$Version=1; __Host-id=x; $Path=/", b"x"),
            (b"__Host-id; __Host-id=x", b"x"),
            (b"__Host-id2=y; x__Host-id=z; __Host-i=w; __Host-id=x", b"x"),
            (b"a=__Host-id=y; __Host-id=x", b"x"),
            (b"__%48ost-id=y; __Host-id=x", b"x"),
            (b"__Host-id=\xff\0", b"\xff\0"),
        ];
        for (header, value) in one {
            assert_eq!(found(&[header]), [*value], "{}", header.escape_ascii());
        }
    }

    #[test]
    fn equal_names_are_all_found_in_the_order_sent() {
        assert_eq!(
            found(&[b"__Host-id=1; a=b; __Host-id=2;__Host-id=1"]),
            [b"1", b"2", b"1"]
        );
    }

    #[test]
    fn several_headers_are_read_as_one_and_do_not_run_together() {
        let none: &[&[u8]] = &[];
        assert_eq!(found(&[]), none);
        assert_eq!(found(&[b"", b"", b""]), none);
        assert_eq!(found(&[b"__Host-", b"id=x"]), none);
        assert_eq!(found(&[b"__Host-id", b"=x"]), none);
        assert_eq!(
            found(&[
                b"a=1",
                b"__Host-id=1",
                b"",
                b"b=2; __Host-id=2",
                b"__Host-id=3;"
            ]),
            [b"1", b"2", b"3"]
        );
    }

    #[test]
    fn the_iterator_stays_at_its_end() {
        let name = Finder::new(NAME);
        let mut values = values([b"__Host-id=x".as_slice()].into_iter(), &name);
        assert_eq!(values.next(), Some(b"x".as_slice()));
        assert_eq!(values.next(), None);
        assert_eq!(values.next(), None);
    }

    #[test]
    fn no_neighbor_hides_a_valid_cookie() {
        const FRAGMENTS: &[&[u8]] = &[
            b";",
            b";",
            b";",
            b"; ",
            b"=",
            b"=",
            b" ",
            b"\t",
            b"\"",
            b"\"",
            b"\\",
            b",",
            b"%",
            b"%3B",
            b"%3D",
            b"a",
            b"$Version=1",
            b"__Host-",
            b"__Host-id",
            b"__Host-id",
            b"__Host-id=",
            b"__Host-id2",
            b"__host-id=y",
            b"__%48ost-id=y",
            b"id=y",
            b"\0",
            b"\x0b",
            b"\r\n",
            b"\x7f",
            b"\xff",
            b"\xc3",
            "\u{2000}".as_bytes(),
            "\u{e9}".as_bytes(),
            b"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        ];
        let mut random = StdRng::seed_from_u64(0x005e_5510);
        let mut noise = |header: &mut Vec<u8>| {
            for _ in 0..random.random_range(0..12) {
                header.extend_from_slice(FRAGMENTS[random.random_range(0..FRAGMENTS.len())]);
            }
            random.random_range(0..4_u8)
        };
        for round in 0..50_000 {
            let mut headers = vec![Vec::new()];
            while noise(headers.last_mut().unwrap()) == 0 {
                headers.push(Vec::new());
            }
            let valid = headers.last_mut().unwrap();
            valid.extend_from_slice(b"; __Host-id=valid;");
            noise(valid);
            let headers: Vec<&[u8]> = headers.iter().map(Vec::as_slice).collect();

            let found = found(&headers);
            assert!(
                found.contains(&b"valid".to_vec()),
                "round {round}: {headers:?}"
            );
            assert_eq!(found, found_slowly(&headers), "round {round}: {headers:?}");
        }
    }
}
