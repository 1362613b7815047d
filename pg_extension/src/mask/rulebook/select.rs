//! What is masked when some tables are.

use std::collections::HashSet;

use pgrx::pg_sys::Oid;

use super::{ColumnId, Rulebook, Selection};

impl Rulebook {
    /// What is masked when these tables are: their columns, and what refers to them; not what is
    /// masked together with another table's key.
    pub fn select(&self, members: &[Oid]) -> Selection {
        let members: HashSet<Oid> = members.iter().copied().collect();
        let mut selection = Selection::default();
        let mut seen = HashSet::new();
        for (column, _) in self.masked() {
            if !members.contains(&column.0) {
                continue;
            }
            let family = self.family[&column];
            if !seen.insert(family) {
                continue;
            }
            let Some(group) = self.families[family].group else {
                // Tables above hold statistics of the column.
                for &column in &self.families[family].columns {
                    self.add(column, &mut selection.rules);
                }
                continue;
            };
            let home = self.groups[group].home;
            if home != family {
                let at_home = self.families[home].columns.iter();
                if !at_home.clone().any(|key| members.contains(&key.0))
                    && let Some(key) = self.key_of(column)
                {
                    selection.elsewhere.push((column, key));
                }
                continue;
            }
            if let Some(outside) = self.families[home]
                .columns
                .iter()
                .find(|key| !members.contains(&key.0) && self.stores_rows(**key))
            {
                selection.torn.push((column, *outside));
            }
            let group = &self.groups[group];
            for &family in group.families.iter().chain(&group.emptied) {
                for &tied in &self.families[family].columns {
                    self.add(tied, &mut selection.rules);
                    if !members.contains(&tied.0) && !selection.referring.contains(&tied.0) {
                        selection.referring.push(tied.0);
                    }
                }
            }
        }
        selection.referring.sort_by_key(|relid| relid.to_u32());
        selection
    }

    /// A table above that is only a parent of partitions stores nothing.
    fn stores_rows(&self, column: ColumnId) -> bool {
        self.attributes
            .get(&column)
            .is_some_and(|attribute| attribute.relkind == b'r')
    }
}
