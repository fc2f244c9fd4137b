/// What the shop sells.
#[derive(Debug)]
pub(crate) struct Seed {
    /// As a form and a cart name it.
    pub(crate) id: &'static str,
    pub(crate) name: &'static str,
    pub(crate) latin: &'static str,
    pub(crate) sow: &'static str,
    pub(crate) cents: u32,
    /// Of the picture on the packet.
    pub(crate) color: &'static str,
}

pub(crate) const SEEDS: [Seed; 6] = [
    Seed {
        id: "basil",
        name: "Basil",
        latin: "Ocimum basilicum",
        sow: "April to June, on a warm sill",
        cents: 240,
        color: "#4f8a3c",
    },
    Seed {
        id: "borage",
        name: "Borage",
        latin: "Borago officinalis",
        sow: "April to July, where bees come by",
        cents: 210,
        color: "#4a6fb5",
    },
    Seed {
        id: "nasturtium",
        name: "Nasturtium",
        latin: "Tropaeolum majus",
        sow: "May to June, in poor soil",
        cents: 260,
        color: "#d9722b",
    },
    Seed {
        id: "poppy",
        name: "Poppy",
        latin: "Papaver rhoeas",
        sow: "March or September, not covered",
        cents: 190,
        color: "#c8402f",
    },
    Seed {
        id: "tomato",
        name: "Tomato",
        latin: "Solanum lycopersicum",
        sow: "March, indoors",
        cents: 320,
        color: "#b5312b",
    },
    Seed {
        id: "violet",
        name: "Sweet violet",
        latin: "Viola odorata",
        sow: "October to January: they want frost",
        cents: 280,
        color: "#7a539c",
    },
];

impl Seed {
    pub(crate) fn find(id: &str) -> Option<&'static Self> {
        SEEDS.iter().find(|seed| seed.id == id)
    }

    pub(crate) fn price(&self) -> String {
        price(self.cents)
    }
}

/// As a page shows it.
pub(crate) fn price(cents: u32) -> String {
    format!("€ {}.{:02}", cents / 100, cents % 100)
}
