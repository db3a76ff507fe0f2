//! Realistic generated claims, made from a grouping plan itself.
