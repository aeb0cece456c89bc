//! What is seen. Panels draw from `&Workspace` and push `Action`s; nothing here waits or computes.
