#!/usr/bin/env Rscript
# The figures that crates/cohort/tests/statistics.rs expects, asked of R's survival package again.
#
# Needs R and its package survival (Debian: r-base-core, r-cran-survival), and ../shared/data/survival beside the checkout.
# Prints the number of figures and the largest relative difference; exit code 0 when it is below 1e-9.
suppressMessages(library(survival))
args <- commandArgs(FALSE)
here <- dirname(normalizePath(sub("^--file=", "", grep("^--file=", args, value = TRUE))))
root <- file.path(here, "..")
data <- file.path(root, "..", "shared", "data", "survival", "kmdata_ipd.csv.gz")
if (!file.exists(data)) {
  cat("skipped: ../shared/data/survival is absent\n")
  quit(status = 0)
}
patients <- read.csv(gzfile(data))
names(patients) <- c("dataset", "time", "event", "arm")
expected <- read.csv(file.path(root, "crates/cohort/tests/data/survival_expected.csv"), comment.char = "#")

forms <- c(log = "log", loglog = "log-log", plain = "plain")

# One figure by the name it has in the file.
figure <- function(d, quantity, at) {
  last <- sub(".*_", "", quantity)
  if (quantity %in% c("events", "censored")) {
    return(sum(d$time <= at & d$event == as.integer(quantity == "events")))
  }
  if (grepl("^quantile", quantity)) {
    fit <- survfit(Surv(time, event) ~ 1, d, conf.type = if (last == "quantile") "log" else forms[[last]])
    q <- quantile(fit, at)
    return(unlist(if (quantity == "quantile") q$quantile else if (grepl("lower", quantity)) q$lower else q$upper))
  }
  if (grepl("^restricted_mean", quantity)) {
    s <- summary(survfit(Surv(time, event) ~ 1, d), rmean = at)$table
    return(s[[if (last == "se") grep("se", names(s)) else grep("^\\*?rmean$", names(s))]])
  }
  if (quantity %in% c("survival", "standard_error", "at_risk") || grepl("^(lower|upper)_", quantity)) {
    fit <- survfit(Surv(time, event) ~ 1, d, conf.type = if (last %in% names(forms)) forms[[last]] else "log")
    s <- summary(fit, times = at, extend = TRUE)
    name <- switch(sub("_.*", "", quantity), survival = "surv", standard = "std.err", at = "n.risk", lower = "lower", upper = "upper")
    return(s[[name]])
  }
  d$x1 <- as.integer(d$arm == sort(unique(d$arm))[2])
  i <- seq_len(nrow(d)) - 1
  d$x2 <- (i %% 7) / 3
  d$x3 <- i %% 2
  d$four <- i %% 4
  if (grepl("^log_rank", quantity)) {
    fit <- survdiff(if (grepl("_2", quantity)) Surv(time, event) ~ x1 else Surv(time, event) ~ four, d)
    return(switch(last, p = pchisq(fit$chisq, length(fit$n) - 1, lower.tail = FALSE), expected = fit$exp[at + 1], fit$chisq))
  }
  control <- coxph.control(eps = 1e-14, toler.chol = 1e-15, iter.max = 100)
  formula <- if (grepl("^cox1", quantity)) Surv(time, event) ~ x1 else Surv(time, event) ~ x1 + x2 + x3
  fit <- coxph(formula, d, ties = last, control = control)
  s <- summary(fit)
  k <- at + 1
  switch(sub(paste0("_", last, "$"), "", sub("^cox[13]_?", "", quantity)),
    efron = , breslow = coef(fit)[k], se = s$coefficients[k, "se(coef)"], hazard_ratio = s$conf.int[k, 1],
    lower = s$conf.int[k, 3], upper = s$conf.int[k, 4], null = fit$loglik[1], loglik = fit$loglik[2],
    lr_p = s$logtest[["pvalue"]], score = s$sctest[["test"]], wald_p = s$waldtest[["pvalue"]], coef(fit)[k]
  )
}

worst <- 0
for (r in seq_len(nrow(expected))) {
  row <- expected[r, ]
  d <- patients[patients$dataset == row$dataset & (row$arm == "both" | patients$arm == row$arm), ]
  found <- as.numeric(figure(d, row$quantity, row$at))
  same <- if (is.na(row$value) || is.na(found)) is.na(row$value) == is.na(found) else NA
  off <- if (!is.na(same)) (if (same) 0 else Inf) else abs(found - row$value) / max(abs(row$value), 1e-6)
  if (off > 1e-9) cat("differs:", row$dataset, row$arm, row$quantity, row$at, "expected", row$value, "R", found, "\n")
  worst <- max(worst, off)
}
cat(sprintf("%d figures of %d data sets, R %s, survival %s: largest relative difference %.1e\n", nrow(expected),
  length(unique(expected$dataset)), getRversion(), packageVersion("survival"), worst))
quit(status = as.integer(worst > 1e-9))
