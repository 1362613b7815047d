//! The words of a name, translated.

/// Words that say nothing at the end of a name.
const NEUTRAL: &[&str] = &[
    "text",
    "value",
    "field",
    "original",
    "new",
    "old",
    "current",
    "primary",
    "secondary",
    "normalized",
    "raw",
    "full",
    "main",
    "display",
    "line",
    "string",
    "txt",
    "val",
];

/// Words and abbreviations, German, French, Spanish, Italian, Portuguese, Dutch and Polish ones
/// too, and the commonest of other languages, with what they mean. From memory.
const MEANINGS: &[(&str, &str)] = &[
    ("abteilung", "department"),
    ("addr", "address"),
    ("adresse", "address"),
    ("alter", "age"),
    ("amt", "amount"),
    ("anrede", "salutation"),
    ("anzahl", "quantity"),
    ("apellido", "last name"),
    ("apellidos", "last name"),
    ("bairro", "district"),
    ("bday", "birth date"),
    ("begin", "start"),
    ("beginn", "start"),
    ("benutzername", "user name"),
    ("bemerkung", "comment"),
    ("beschreibung", "description"),
    ("birthdate", "birth date"),
    ("birthday", "birth date"),
    ("browser", "user agent"),
    ("calle", "street"),
    ("cap", "zip"),
    ("cellphone", "mobile"),
    ("cep", "zip"),
    ("cidade", "city"),
    ("citta", "city"),
    ("city", "city"),
    ("ciudad", "city"),
    ("codepostal", "zip"),
    ("cognome", "last name"),
    ("commune", "city"),
    ("color", "color"),
    ("colour", "color"),
    ("comments", "comment"),
    ("contrasena", "password"),
    ("correo", "email"),
    ("courriel", "email"),
    ("createdat", "created at"),
    ("createdon", "created on"),
    ("ctime", "created"),
    ("cantidad", "quantity"),
    ("datum", "date"),
    ("dept", "department"),
    ("desc", "description"),
    ("descr", "description"),
    ("descripcion", "description"),
    ("dirección", "address"),
    ("direccion", "address"),
    ("dob", "birth date"),
    ("domainname", "domain name"),
    ("edad", "age"),
    ("empresa", "company"),
    ("enddate", "end date"),
    ("ende", "end"),
    ("entreprise", "company"),
    ("eta", "due"),
    ("familyname", "last name"),
    ("fecha", "date"),
    ("filename", "file name"),
    ("firma", "company"),
    ("firstname", "first name"),
    ("fname", "first name"),
    ("forename", "first name"),
    ("fullname", "full name"),
    ("geburtsdatum", "birth date"),
    ("gebdat", "birth date"),
    ("geboortedatum", "birth date"),
    ("geschlecht", "gender"),
    ("gewicht", "weight"),
    ("givenname", "first name"),
    ("givennames", "first name"),
    ("grösse", "height"),
    ("handy", "mobile"),
    ("hausnummer", "house number"),
    ("hostname", "host name"),
    ("imie", "first name"),
    ("indirizzo", "address"),
    ("ipaddr", "ip address"),
    ("ipaddress", "ip address"),
    ("iso2", "alpha2"),
    ("iso3", "alpha3"),
    ("jobtitle", "job title"),
    ("kennzeichen", "licence plate"),
    ("kommentar", "comment"),
    ("kod", "code"),
    ("land", "country"),
    ("lastname", "last name"),
    ("lat", "latitude"),
    ("length", "length"),
    ("license", "licence"),
    ("lname", "last name"),
    ("lng", "longitude"),
    ("lon", "longitude"),
    ("long", "longitude"),
    ("mac", "mac address"),
    ("mail", "email"),
    ("miasto", "city"),
    ("mimetype", "mime type"),
    ("mobil", "mobile"),
    ("mobiltelefon", "mobile"),
    ("modtime", "updated"),
    ("montant", "amount"),
    ("mtime", "updated"),
    ("nachname", "last name"),
    ("naissance", "birth"),
    ("nascimento", "birth"),
    ("nascita", "birth"),
    ("nazwisko", "last name"),
    ("nickname", "user name"),
    ("nom", "last name"),
    ("nombre", "first name"),
    ("nome", "first name"),
    ("notes", "note"),
    ("numero", "number"),
    ("occupation", "job title"),
    ("ort", "city"),
    ("paese", "country"),
    ("país", "country"),
    ("pais", "country"),
    ("passwd", "password"),
    ("passwort", "password"),
    ("patronymic", "last name"),
    ("pays", "country"),
    ("pct", "percent"),
    ("percentage", "percent"),
    ("phonenumber", "phone"),
    ("photo", "image"),
    ("picture", "image"),
    ("plaats", "city"),
    ("plz", "zip"),
    ("position", "job title"),
    ("postalcode", "zip"),
    ("postcode", "zip"),
    ("postleitzahl", "zip"),
    ("precio", "price"),
    ("preis", "price"),
    ("prenom", "first name"),
    ("prix", "price"),
    ("prénom", "first name"),
    ("profession", "job title"),
    ("provincia", "state"),
    ("province", "state"),
    ("pwd", "password"),
    ("qty", "quantity"),
    ("quantite", "quantity"),
    ("rfc", "rfc"),
    ("rua", "street"),
    ("rue", "street"),
    ("sex", "gender"),
    ("sexe", "gender"),
    ("sexo", "gender"),
    ("sobrenome", "last name"),
    ("socialsecurity", "ssn"),
    ("soort", "kind"),
    ("sprache", "language"),
    ("stadt", "city"),
    ("startdate", "start date"),
    ("straat", "street"),
    ("strasse", "street"),
    ("straße", "street"),
    ("surname", "last name"),
    ("tel", "phone"),
    ("telefon", "phone"),
    ("telefone", "phone"),
    ("telefono", "phone"),
    ("telefonnummer", "phone"),
    ("telefoon", "phone"),
    ("telephone", "phone"),
    ("timezone", "time zone"),
    ("ts", "timestamp"),
    ("tz", "time zone"),
    ("updatedat", "updated at"),
    ("uri", "url"),
    ("useragent", "user agent"),
    ("userid", "user id"),
    ("username", "user name"),
    ("via", "street"),
    ("ville", "city"),
    ("vorname", "first name"),
    ("voornaam", "first name"),
    ("achternaam", "last name"),
    ("waehrung", "currency"),
    ("währung", "currency"),
    ("webpage", "url"),
    ("website", "url"),
    ("woonplaats", "city"),
    ("wohnort", "city"),
    ("zipcode", "zip"),
    ("ulica", "street"),
    ("anschrift", "address"),
    ("wohnanschrift", "address"),
    ("postanschrift", "address"),
    ("domicilio", "address"),
    ("endereco", "address"),
    ("endereço", "address"),
    ("adres", "address"),
    ("woonadres", "address"),
    ("indirizzi", "address"),
    ("адрес", "address"),
    ("地址", "address"),
    ("住所", "address"),
    ("العنوان", "address"),
    ("eml", "email"),
    ("emailadres", "email"),
    ("emailadresse", "email"),
    ("mailadresse", "email"),
    ("почта", "email"),
    ("邮箱", "email"),
    ("メール", "email"),
    ("البريد", "email"),
    ("mob", "mobile"),
    ("movil", "mobile"),
    ("móvil", "mobile"),
    ("celular", "mobile"),
    ("cellulare", "mobile"),
    ("mobiel", "mobile"),
    ("handynummer", "mobile"),
    ("handynr", "mobile"),
    ("telnr", "phone"),
    ("telefonnr", "phone"),
    ("telefoonnummer", "phone"),
    ("телефон", "phone"),
    ("电话", "phone"),
    ("電話", "phone"),
    ("電話番号", "phone"),
    ("الهاتف", "phone"),
    ("nr", "number"),
    ("vname", "first name"),
    ("fornamn", "first name"),
    ("fornavn", "first name"),
    ("prenoms", "first name"),
    ("имя", "first name"),
    ("fnm", "first name"),
    ("rufname", "first name"),
    ("nname", "last name"),
    ("familienname", "last name"),
    ("efternamn", "last name"),
    ("etternavn", "last name"),
    ("efternavn", "last name"),
    ("primerapellido", "last name"),
    ("segundoapellido", "last name"),
    ("фамилия", "last name"),
    ("lnm", "last name"),
    ("soyad", "last name"),
    ("soyadi", "last name"),
    ("nominativo", "full name"),
    ("nomecompleto", "full name"),
    ("姓名", "full name"),
    ("氏名", "full name"),
    ("名前", "full name"),
    ("الاسم", "full name"),
    ("nombrecompleto", "full name"),
    ("geburtstag", "birth date"),
    ("gebtag", "birth date"),
    ("geburt", "birth"),
    ("geburtsjahr", "birth year"),
    ("datenaissance", "birth date"),
    ("ddn", "birth date"),
    ("fechanacimiento", "birth date"),
    ("nacimiento", "birth"),
    ("datanascimento", "birth date"),
    ("datanascita", "birth date"),
    ("dataurodzenia", "birth date"),
    ("urodzenia", "birth"),
    ("fodselsdato", "birth date"),
    ("生年月日", "birth date"),
    ("出生日期", "birth date"),
    ("geburtsort", "birth place"),
    ("genero", "gender"),
    ("género", "gender"),
    ("sesso", "gender"),
    ("geslacht", "gender"),
    ("plec", "gender"),
    ("płeć", "gender"),
    ("性别", "gender"),
    ("性別", "gender"),
    ("codigopostal", "zip"),
    ("kodpocztowy", "zip"),
    ("邮编", "zip"),
    ("郵便番号", "zip"),
    ("logradouro", "street"),
    ("hausnr", "house number"),
    ("huisnummer", "house number"),
    ("comune", "city"),
    ("haslo", "password"),
    ("mdp", "password"),
    ("motdepasse", "password"),
    ("kennwort", "password"),
    ("wachtwoord", "password"),
    ("senha", "password"),
    ("身份证号", "resident id"),
    ("身份证", "resident id"),
    ("socsec", "social security"),
];

/// A name as words in lower case.
#[derive(Debug)]
pub(crate) struct Words {
    /// Each word as it means, with the position of the written word it comes from.
    canonical: Vec<(String, usize)>,
    original: Vec<String>,
}

/// Splits `billing_address`, `billingAddress`, `Billing Address2` and translates the words.
pub(crate) fn words(name: &str) -> Words {
    let mut original: Vec<String> = Vec::new();
    let mut before = ' ';
    let mut chars = name.chars().peekable();
    while let Some(char) = chars.next() {
        let next_is_lower = chars.peek().is_some_and(|next| next.is_lowercase());
        let begins = !before.is_alphanumeric()
            || (char.is_uppercase()
                && (before.is_lowercase() || (before.is_uppercase() && next_is_lower)));
        if char.is_alphanumeric() {
            match original.last_mut() {
                Some(word) if !begins => word.extend(char.to_lowercase()),
                _ => original.push(char.to_lowercase().collect()),
            }
        }
        before = char;
    }
    let mut canonical = Vec::new();
    for (at, word) in original.iter().enumerate() {
        let stem = word.trim_end_matches(|c: char| c.is_ascii_digit());
        // `address2` is an address, `ipv4` no `ipv`.
        let known = meaning(word).or_else(|| meaning(stem));
        let word = match known {
            Some(meaning) => meaning,
            None if stem.is_empty() || word.starts_with("ipv") || word.len() < 6 => word,
            None => stem,
        };
        canonical.extend(word.split(' ').map(|word| (word.to_owned(), at)));
    }
    // `e_mail`, and `mac_address`, of which `mac` alone has been completed.
    let mut at = 1;
    while at < canonical.len() {
        let (a, b) = (canonical[at - 1].0.as_str(), canonical[at].0.as_str());
        if (a == "e" && b == "email") || (a == b) {
            canonical.remove(at - 1);
        } else {
            at += 1;
        }
    }
    Words {
        canonical,
        original,
    }
}

fn meaning(word: &str) -> Option<&'static str> {
    let found = MEANINGS.iter().find(|(foreign, _)| *foreign == word)?;
    Some(found.1)
}

/// `countries` to `country`, `addresses` to `address`, `users` to `user`.
pub(crate) fn singular(word: &str) -> String {
    if word == "people" {
        return "person".to_owned();
    }
    if let Some(stem) = word.strip_suffix("ies") {
        return format!("{stem}y");
    }
    for plural in ["sses", "xes", "ches", "shes", "uses"] {
        if word.ends_with(plural) {
            return word.trim_end_matches("es").to_owned();
        }
    }
    match word.strip_suffix('s') {
        Some(stem) if !stem.ends_with('s') => stem.to_owned(),
        _ => word.to_owned(),
    }
}

impl Words {
    pub(crate) fn len(&self) -> usize {
        self.canonical.len()
    }

    /// The word at a place, translated.
    pub(crate) fn canonical(&self, place: usize) -> Option<&str> {
        self.canonical.get(place).map(|(word, _)| word.as_str())
    }

    /// The word at a place, as written.
    pub(crate) fn original(&self, place: usize) -> &str {
        self.canonical
            .get(place)
            .map_or("", |(_, at)| &self.original[*at])
    }

    /// How many words there are without neutral ones at the end.
    pub(crate) fn meaningful(&self) -> usize {
        let neutral = self
            .canonical
            .iter()
            .rev()
            .take_while(|(word, _)| {
                NEUTRAL.contains(&word.as_str()) || word.chars().all(|c| c.is_ascii_digit())
            })
            .count();
        if neutral == self.len() {
            neutral
        } else {
            self.len() - neutral
        }
    }

    /// Where `phrase` begins, if the words end in it.
    pub(crate) fn ends_in(&self, phrase: &str) -> Option<usize> {
        let count = phrase.split(' ').count();
        // `full name` is a phrase, though `full` alone is neutral.
        [self.meaningful(), self.len()].into_iter().find_map(|end| {
            let start = end.checked_sub(count)?;
            self.is_at(phrase, start).then_some(start)
        })
    }

    /// Where `phrase` first occurs.
    pub(crate) fn find(&self, phrase: &str) -> Option<usize> {
        (0..self.len()).find(|start| self.is_at(phrase, *start))
    }

    fn is_at(&self, phrase: &str, start: usize) -> bool {
        phrase
            .split(' ')
            .enumerate()
            .all(|(at, word)| self.canonical(start + at) == Some(word))
    }

    /// The written words from a place to the end.
    pub(crate) fn tail(&self, place: usize) -> String {
        let at = self.canonical.get(place).map_or(0, |(_, at)| *at);
        self.original[at..].join("_")
    }

    /// The written words before a place, if there are any: `billing` of `billing_city`.
    pub(crate) fn before(&self, place: usize) -> Option<String> {
        let at = self.canonical.get(place).map_or(0, |(_, at)| *at);
        let before = self.original[..at].join(" ");
        (!before.is_empty()).then_some(before)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(name: &str) -> String {
        let words = words(name).canonical;
        words
            .into_iter()
            .map(|(word, _)| word)
            .collect::<Vec<_>>()
            .join(" ")
    }

    #[test]
    fn names_are_split_and_translated() {
        assert_eq!(read("billing_address2"), "billing address");
        assert_eq!(read("billingAddress"), "billing address");
        assert_eq!(read("HTTPServerName"), "http server name");
        assert_eq!(read("Vorname"), "first name");
        assert_eq!(read("e_mail"), "email");
        assert_eq!(read("mac_address"), "mac address");
        assert_eq!(read("ipv4"), "ipv4");
        assert_eq!(read("phone_2"), "phone 2");
        assert_eq!(read("createdAt"), "created at");
        assert_eq!(read(""), "");
    }

    #[test]
    fn no_word_is_translated_twice() {
        for (at, (word, _)) in MEANINGS.iter().enumerate() {
            let again = MEANINGS[at + 1..].iter().any(|(other, _)| other == word);
            assert!(!again, "{word} is listed twice");
        }
    }
}
