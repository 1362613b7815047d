//! Products, orders and parcels. What is said of a product agrees: its name, category, price and
//! stock number.

use std::fmt::{self, Write};

use super::draw::{
    ALPHANUMERIC, Chain, choose, listed, numbered, spell, write_ascii, write_hundredths,
};
use super::identifier::write_padded;
use super::{Generator, Group};
use crate::entropy::{below, remix};

/// A category with its products and the range of their prices in hundredths.
#[derive(Debug)]
pub(crate) struct Category {
    pub(crate) name: &'static str,
    code: &'static str,
    pub(crate) products: &'static [&'static str],
    pub(crate) least: u64,
    pub(crate) most: u64,
}

pub(crate) static CATEGORIES: &[Category] = &[
    Category {
        name: "Automotive",
        code: "AUT",
        products: &[
            "Floor Mats",
            "Jump Starter",
            "Phone Mount",
            "Roof Rack",
            "Seat Cover",
            "Tire Inflator",
            "Wiper Blades",
        ],
        least: 999,
        most: 24_999,
    },
    Category {
        name: "Baby",
        code: "BAB",
        products: &[
            "Baby Monitor",
            "Bib Set",
            "Changing Mat",
            "Crib Sheet",
            "High Chair",
            "Stroller",
            "Teether",
        ],
        least: 499,
        most: 29_999,
    },
    Category {
        name: "Beauty",
        code: "BEA",
        products: &[
            "Body Lotion",
            "Face Mask",
            "Hair Dryer",
            "Hand Cream",
            "Lip Balm",
            "Makeup Brush",
            "Shampoo",
        ],
        least: 399,
        most: 8_999,
    },
    Category {
        name: "Books",
        code: "BOO",
        products: &[
            "Atlas",
            "Cookbook",
            "Crime Novel",
            "Dictionary",
            "Field Guide",
            "Graphic Novel",
            "Travel Guide",
        ],
        least: 699,
        most: 5_999,
    },
    Category {
        name: "Clothing",
        code: "CLO",
        products: &[
            "Cotton Shirt",
            "Denim Jacket",
            "Leather Belt",
            "Rain Coat",
            "Running Shorts",
            "Wool Scarf",
            "Wool Sweater",
        ],
        least: 1_299,
        most: 19_999,
    },
    Category {
        name: "Electronics",
        code: "ELE",
        products: &[
            "Bluetooth Speaker",
            "Desk Lamp",
            "Headphones",
            "Keyboard",
            "Monitor",
            "Power Bank",
            "Smart Watch",
            "USB Hub",
            "Webcam",
        ],
        least: 1_499,
        most: 79_999,
    },
    Category {
        name: "Furniture",
        code: "FUR",
        products: &[
            "Bookcase",
            "Coffee Table",
            "Desk",
            "Dining Chair",
            "Nightstand",
            "Office Chair",
            "Sofa",
        ],
        least: 4_999,
        most: 129_999,
    },
    Category {
        name: "Garden",
        code: "GAR",
        products: &[
            "Bird Feeder",
            "Garden Hose",
            "Lawn Chair",
            "Plant Pot",
            "Pruning Shears",
            "Rake",
            "Watering Can",
        ],
        least: 799,
        most: 14_999,
    },
    Category {
        name: "Grocery",
        code: "GRO",
        products: &[
            "Dark Chocolate",
            "Granola",
            "Green Tea",
            "Ground Coffee",
            "Honey",
            "Olive Oil",
            "Pasta",
            "Tomato Sauce",
        ],
        least: 149,
        most: 2_499,
    },
    Category {
        name: "Health",
        code: "HEA",
        products: &[
            "Bandages",
            "First Aid Kit",
            "Heating Pad",
            "Massage Ball",
            "Multivitamin",
            "Thermometer",
            "Water Flosser",
        ],
        least: 349,
        most: 9_999,
    },
    Category {
        name: "Home",
        code: "HOM",
        products: &[
            "Bath Towel",
            "Candle",
            "Cushion",
            "Laundry Basket",
            "Picture Frame",
            "Throw Blanket",
            "Wall Clock",
        ],
        least: 599,
        most: 9_999,
    },
    Category {
        name: "Kitchen",
        code: "KIT",
        products: &[
            "Blender",
            "Chef Knife",
            "Coffee Maker",
            "Cutting Board",
            "Frying Pan",
            "Kettle",
            "Mixing Bowl",
            "Toaster",
        ],
        least: 899,
        most: 24_999,
    },
    Category {
        name: "Office",
        code: "OFF",
        products: &[
            "Ballpoint Pens",
            "Desk Organizer",
            "File Folder",
            "Notebook",
            "Paper Shredder",
            "Stapler",
            "Whiteboard",
        ],
        least: 299,
        most: 12_999,
    },
    Category {
        name: "Pets",
        code: "PET",
        products: &[
            "Aquarium",
            "Cat Tree",
            "Dog Bed",
            "Dog Leash",
            "Pet Carrier",
            "Scratching Post",
            "Water Fountain",
        ],
        least: 699,
        most: 17_999,
    },
    Category {
        name: "Sports",
        code: "SPO",
        products: &[
            "Backpack",
            "Bicycle Helmet",
            "Camping Tent",
            "Dumbbell Set",
            "Sleeping Bag",
            "Tennis Racket",
            "Yoga Mat",
        ],
        least: 1_299,
        most: 39_999,
    },
    Category {
        name: "Tools",
        code: "TOO",
        products: &[
            "Cordless Drill",
            "Flashlight",
            "Hammer",
            "Ladder",
            "Screwdriver Set",
            "Tape Measure",
            "Tool Box",
        ],
        least: 799,
        most: 22_999,
    },
    Category {
        name: "Toys",
        code: "TOY",
        products: &[
            "Board Game",
            "Building Blocks",
            "Dollhouse",
            "Jigsaw Puzzle",
            "Kite",
            "Plush Bear",
            "Train Set",
        ],
        least: 799,
        most: 11_999,
    },
];

pub(crate) const QUALITIES: &[&str] = &[
    "Classic",
    "Compact",
    "Deluxe",
    "Eco",
    "Essential",
    "Everyday",
    "Foldable",
    "Handmade",
    "Heavy-Duty",
    "Lightweight",
    "Mini",
    "Modern",
    "Portable",
    "Premium",
    "Pro",
    "Rustic",
    "Slim",
    "Smart",
    "Soft",
    "Travel",
    "Ultra",
    "Vintage",
];

const CARRIERS: &[&str] = &["AIR", "EXP", "GND", "PCL", "SEA"];
const ORDER_STATES: &[&str] = &[
    "pending",
    "paid",
    "paid",
    "processing",
    "shipped",
    "shipped",
    "delivered",
    "delivered",
    "delivered",
    "delivered",
    "cancelled",
    "returned",
    "refunded",
];
const SIZES: &[&str] = &["XS", "S", "S", "M", "M", "M", "L", "L", "XL", "XXL"];
const MATERIALS: &[&str] = &[
    "aluminum",
    "bamboo",
    "ceramic",
    "cotton",
    "glass",
    "granite",
    "leather",
    "linen",
    "marble",
    "nylon",
    "oak",
    "paper",
    "plastic",
    "polyester",
    "porcelain",
    "rubber",
    "silk",
    "stainless steel",
    "steel",
    "stone",
    "wood",
    "wool",
];

pub(super) const ENTRIES: &[Generator] = &[
    Generator::text("clothing_size", "Size of clothing, XS to XXL.", |e, out| {
        out.write_str(choose(SIZES, e))
    }),
    listed!("material", "Material, in lower case.", MATERIALS, |item| item),
    numbered!(
        "order_number",
        "Order number: ORD-, a year from 2020 to 2025 and eight digits.",
        600_000_000,
        |index, out| {
            out.write_str("ORD-")?;
            write_padded(2020 + index % 6, 4, out)?;
            out.write_str("-")?;
            write_padded(index / 6, 8, out)
        },
    ),
    Generator::text("order_status", "State of an order, in lower case; delivered is commonest.", |e, out| {
        out.write_str(choose(ORDER_STATES, e))
    }),
    Generator::text(
        "price",
        "Price with two decimals in the range of its product_category, mostly ending in 9.",
        price,
    )
    .in_group(Group::Product),
    Generator::text("product_category", "Category of a product, that of product_name.", |e, out| {
        out.write_str(category(e).name)
    })
    .enumerated(CATEGORIES.len() as u64, |index, out| {
        let place = usize::try_from(index).unwrap_or(usize::MAX);
        out.write_str(CATEGORIES.get(place).ok_or(fmt::Error)?.name)
    })
    .in_group(Group::Product),
    Generator::text(
        "product_description",
        "One sentence on a product, that of product_name.",
        description,
    )
    .in_group(Group::Product),
    Generator::text("product_name", "Name of a product: a quality and an article.", product_name)
        .enumerated(PRODUCT_NAMES, nth_product_name)
        .in_group(Group::Product),
    Generator::text(
        "sku",
        "Stock keeping unit: three letters of the product_category, four letters or digits, four digits.",
        |e, out| sku(category(e), below(remix(!e), SKU_COUNT), out),
    )
    .enumerated(SKU_COUNT * 17, |index, out| {
        let category = usize::try_from(index % 17).unwrap_or(0);
        sku(&CATEGORIES[category], index / 17, out)
    })
    .in_group(Group::Product),
    numbered!(
        "tracking_number",
        "Tracking number of a parcel: three letters and twelve digits, of no carrier that exists.",
        5_000_000_000_000,
        |index, out| {
            out.write_str(CARRIERS[usize::try_from(index % 5).unwrap_or(0)])?;
            write_padded(index / 5, 12, out)
        },
    ),
];

/// All qualities of all products.
const PRODUCT_NAMES: u64 = {
    let mut products = 0;
    let mut i = 0;
    while i < CATEGORIES.len() {
        products += CATEGORIES[i].products.len();
        i += 1;
    }
    (products * QUALITIES.len()) as u64
};

/// The name with an index below [`PRODUCT_NAMES`].
fn nth_product_name(index: u64, out: &mut dyn Write) -> fmt::Result {
    let index = usize::try_from(index).unwrap_or(usize::MAX);
    let mut products = CATEGORIES.iter().flat_map(|category| category.products);
    let product = products.nth(index / QUALITIES.len()).ok_or(fmt::Error)?;
    out.write_str(QUALITIES[index % QUALITIES.len()])?;
    out.write_str(" ")?;
    out.write_str(product)
}

/// How many stock keeping units a category has.
pub(crate) const SKU_COUNT: u64 = 36 * 36 * 36 * 36 * 10_000;

fn category(entropy: u64) -> &'static Category {
    &CATEGORIES[usize::try_from(below(entropy, CATEGORIES.len() as u64)).unwrap_or(0)]
}

fn product_name(entropy: u64, out: &mut dyn Write) -> fmt::Result {
    let mut draws = Chain::new(remix(entropy));
    out.write_str(draws.choose(QUALITIES))?;
    out.write_str(" ")?;
    out.write_str(draws.choose(category(entropy).products))
}

fn price(entropy: u64, out: &mut dyn Write) -> fmt::Result {
    let Category { least, most, .. } = category(entropy);
    let mut draws = Chain::new(remix(!entropy));
    // The lesser of two draws: cheap articles are common.
    let (a, b) = (draws.between(*least, *most), draws.between(*least, *most));
    let hundredths = a.min(b);
    let hundredths = if draws.one_in(4) {
        hundredths
    } else {
        hundredths / 10 * 10 + 9
    };
    write_hundredths(hundredths.min(*most), out)
}

/// The stock keeping unit of a category with an index below [`SKU_COUNT`].
pub(crate) fn sku(category: &Category, index: u64, out: &mut dyn Write) -> fmt::Result {
    let mut text = *b"AAA-0000-0000";
    text[..3].copy_from_slice(category.code.as_bytes());
    let rest = spell(index, super::draw::DIGITS, &mut text[9..]);
    spell(rest, ALPHANUMERIC, &mut text[4..8]);
    write_ascii(&text, out)
}

fn description(entropy: u64, out: &mut dyn Write) -> fmt::Result {
    let mut draws = Chain::new(remix(remix(remix(entropy))));
    out.write_str("The ")?;
    product_name(entropy, out)?;
    out.write_str(draws.choose(&[
        " is made of ",
        " comes in ",
        " combines comfort with ",
        " is finished in ",
        " is crafted from ",
    ]))?;
    out.write_str(draws.choose(MATERIALS))?;
    out.write_str(draws.choose(&[
        " and lasts for years.",
        " and is easy to clean.",
        ", ready for daily use.",
        " and fits into any home.",
        ", designed for those who travel light.",
        " and makes a good present.",
        ", tested by our own customers.",
    ]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generator::find;

    #[test]
    fn a_product_agrees_with_its_category() {
        assert_eq!(CATEGORIES.len(), 17);
        for row in 0..2_000 {
            let value = |name: &str| find(name).unwrap().value(remix(row));
            let name = value("product_category");
            let category = CATEGORIES.iter().find(|c| c.name == name).unwrap();
            let product = value("product_name");
            assert!(
                category.products.iter().any(|p| product.ends_with(p)),
                "{name}: {product}"
            );
            assert!(
                value("sku").starts_with(category.code),
                "{name}: {}",
                value("sku")
            );
            let price = value("price").replace('.', "").parse::<u64>().unwrap();
            assert!(
                (category.least..=category.most).contains(&price),
                "{name}: {price}"
            );
        }
    }
}
