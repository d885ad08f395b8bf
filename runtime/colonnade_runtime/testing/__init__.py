"""What tests of Colonnade and of its plugins build on; pytest finds it by entry point."""
