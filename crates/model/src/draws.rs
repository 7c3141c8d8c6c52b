//! Draws: weighted parameter sets, from a posterior or a prior. What inference hands on and a search for treatment takes.
//!
//! Every draw has the same parameters in the same order; chains are kept apart, so that their agreement can be judged.

/// Parameter sets: chains, each of so many draws, each of one value a parameter.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Draws {
    /// Names of the parameters, each once.
    pub names: Vec<String>,
    /// Unit of each; empty for a pure number.
    pub units: Vec<String>,
    /// `chains[c][d][k]`: parameter k of draw d of chain c. All chains are of one length; weights are equal.
    pub chains: Vec<Vec<Vec<f64>>>,
}

impl Draws {
    /// All values of one parameter, chain after chain; empty where no parameter has this name.
    ///
    /// ```
    /// let draws = remission_model::draws::Draws {
    ///     names: vec!["m".into()], units: vec![String::new()], chains: vec![vec![vec![1.0], vec![2.0]], vec![vec![3.0], vec![4.0]]],
    /// };
    /// assert_eq!(draws.values("m"), [1.0, 2.0, 3.0, 4.0]);
    /// assert!(draws.values("w").is_empty());
    /// ```
    pub fn values(&self, name: &str) -> Vec<f64> {
        let Some(k) = self.names.iter().position(|n| n == name) else { return Vec::new() };
        self.chains.iter().flatten().map(|draw| draw[k]).collect()
    }

    /// The parameter sets, chain after chain.
    pub fn all(&self) -> impl Iterator<Item = &[f64]> {
        self.chains.iter().flatten().map(Vec::as_slice)
    }

    /// How many draws there are in all chains together.
    pub fn len(&self) -> usize {
        self.chains.iter().map(Vec::len).sum()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
