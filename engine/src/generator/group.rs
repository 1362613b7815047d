//! What generators speak about: those of one group agree when they are fed the same entropy.

/// A subject. First name, e-mail address and user name made of the same entropy belong to one
/// person; city, postal code and coordinates to one place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Group {
    /// A person: names, e-mail address, user name.
    Person,
    /// A place: city, region, postal code, coordinates, telephone area.
    Place,
    /// A company.
    Company,
    /// A bank and an account there.
    Bank,
    /// A payment card.
    Card,
    /// A country.
    Country,
    /// A currency.
    Currency,
    /// A language.
    Language,
    /// A product.
    Product,
    /// A vehicle.
    Vehicle,
    /// A book.
    Book,
    /// A file.
    File,
    /// A colour.
    Color,
    /// An airport.
    Airport,
    /// A computer on a network.
    Host,
    /// A diagnosis: code and description.
    Diagnosis,
    /// A medication: name and code.
    Medication,
    /// A medical procedure.
    Procedure,
    /// A laboratory test.
    Laboratory,
    /// A programming language or other technology.
    Technology,
}

impl Group {
    /// Lower-case name; entropy is drawn under it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Place => "place",
            Self::Company => "company",
            Self::Bank => "bank",
            Self::Card => "card",
            Self::Country => "country",
            Self::Currency => "currency",
            Self::Language => "language",
            Self::Product => "product",
            Self::Vehicle => "vehicle",
            Self::Book => "book",
            Self::File => "file",
            Self::Color => "color",
            Self::Airport => "airport",
            Self::Host => "host",
            Self::Diagnosis => "diagnosis",
            Self::Medication => "medication",
            Self::Procedure => "procedure",
            Self::Laboratory => "laboratory",
            Self::Technology => "technology",
        }
    }
}
