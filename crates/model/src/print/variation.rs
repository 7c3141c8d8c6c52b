//! Covariates and correlations as text.

use super::{Printer, quoted, source, variation, with_unit};
use crate::resolved::{Covariate, Parameter, Source};
use crate::units::{Dimension, number, unit};

impl Printer<'_> {
    /// Every `[covariates.<name>]`, then every `[[correlations]]`.
    pub(super) fn correlations(&mut self) {
        let model = self.model;
        for p in &model.parameters {
            if let Some(covariate) = &p.covariate {
                self.covariate(p, covariate);
            }
        }
        for c in &model.correlations.pairs {
            let names = c.between.map(|k| quoted(&model.parameters[k].name));
            self.line("\n[[correlations]]");
            self.line(&format!("between = [{}]", names.join(", ")));
            self.text("value", &number(c.value));
            self.origin(&c.source, "", true);
        }
    }

    fn covariate(&mut self, p: &Parameter, covariate: &Covariate) {
        let base = unit(&p.unit).map_or(Dimension::PLAIN, |u| u.dimension).base_unit();
        self.line(&format!("\n[covariates.{}]", p.name));
        let law = match covariate {
            Covariate::Continuous => {
                self.text("value", &with_unit(p.value, &base));
                true
            }
            Covariate::Categories(list) => {
                self.line("categories = [");
                for c in list {
                    let (name, share) = (quoted(&c.name), quoted(&number(c.share)));
                    let value = quoted(&with_unit(c.value, &base));
                    self.line(&format!("    {{ name = {name}, share = {share}, value = {value} }},"));
                }
                self.line("]");
                false
            }
        };
        self.text("unit", &p.unit);
        self.origin(&p.source, &base, law);
        if let Some(v) = &p.between_patients {
            self.text("between_patients", &variation(v, &base));
        }
    }

    /// The source, one key a line; categories have no prior of their own.
    fn origin(&mut self, from: &Source, unit: &str, with_prior: bool) {
        match from {
            Source::Assumed { why, prior } => {
                self.text("assumed", why);
                if with_prior {
                    self.text("prior", &variation(prior, unit));
                }
            }
            other => self.line(&source(other, unit)),
        }
    }
}
