// Gives the precompiled test header a target to live in.
