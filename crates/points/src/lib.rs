//! Case class, case points, point value and hospital payment, exact to the fen.
