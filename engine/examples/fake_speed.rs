//! Times the generators of the crate `fake`, one core, for `make bench`: a line a generator with our
//! name for it and millions of values a second. Rust code that calls a closure; no database.

use std::hint::black_box;
use std::time::Instant;

use fake::Fake;
use fake::faker::address::en as address;
use fake::faker::company::en as company;
use fake::faker::creditcard::en as creditcard;
use fake::faker::currency::en as currency;
use fake::faker::filesystem::en as filesystem;
use fake::faker::internet::en as internet;
use fake::faker::job::en as job;
use fake::faker::lorem::en as lorem;
use fake::faker::name::en as name;
use fake::faker::phone_number::en as phone_number;
use fake::rand::SeedableRng;
use fake::rand::rngs::StdRng;

const VALUES: u32 = 200_000;

macro_rules! time {
    ($rng:ident, $($ours:literal => $faker:expr),* $(,)?) => {
        $(
            let start = Instant::now();
            for _ in 0..VALUES {
                black_box($faker.fake_with_rng::<String, _>(&mut $rng));
            }
            let speed = f64::from(VALUES) / start.elapsed().as_secs_f64() / 1e6;
            println!("{} {speed:.2}", $ours);
        )*
    };
}

fn main() {
    let mut rng = StdRng::seed_from_u64(1);
    time!(
        rng,
        "building_number" => address::BuildingNumber(),
        "bs" => company::Bs(),
        "buzzword" => company::Buzzword(),
        "catchphrase" => company::CatchPhrase(),
        "city" => address::CityName(),
        "company" => company::CompanyName(),
        "company_suffix" => company::CompanySuffix(),
        "country_code" => address::CountryCode(),
        "country_name" => address::CountryName(),
        "credit_card_number" => creditcard::CreditCardNumber(),
        "currency_code" => currency::CurrencyCode(),
        "currency_name" => currency::CurrencyName(),
        "domain_suffix" => internet::DomainSuffix(),
        "email" => internet::SafeEmail(),
        "file_extension" => filesystem::FileExtension(),
        "file_name" => filesystem::FileName(),
        "file_path" => filesystem::FilePath(),
        "first_name" => name::FirstName(),
        "full_name" => name::Name(),
        "industry" => company::Industry(),
        "ipv4" => internet::IPv4(),
        "ipv6" => internet::IPv6(),
        "job_title" => job::Title(),
        "last_name" => name::LastName(),
        "mac_address" => internet::MACAddress(),
        "name_with_title" => name::NameWithTitle(),
        "paragraph" => lorem::Paragraph(3..7),
        "phone" => phone_number::PhoneNumber(),
        "postcode" => address::PostCode(),
        "profession" => company::Profession(),
        "sentence" => lorem::Sentence(4..11),
        "state" => address::StateName(),
        "state_abbr" => address::StateAbbr(),
        "street_name" => address::StreetName(),
        "user_agent" => internet::UserAgent(),
        "username" => internet::Username(),
        "word" => lorem::Word(),
        "zip" => address::ZipCode(),
    );
}
