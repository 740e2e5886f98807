// Package cache keeps the objects that the origin serves: memory over disk over an
// asset.Store.
//
// Objects never change and are named by the SHA-256 of their bytes, which the caller
// passes. Nothing wrong is ever cached: a block counts only when the backend's answer
// ended well, and an object leaves this process's care (as a file of the disk cache, or
// whole in memory) only when all of its bytes have been hashed. Any number of readers of
// one block of Config.Block bytes share one read of the backend; its bytes reach them as
// they arrive.
//
// Config.Memory bounds the bytes in memory, in three parts: Fetches times Block for what
// is on its way; a quarter (an eighth if there is a disk) for blocks of unfinished objects
// that no disk takes; and the rest for whole objects, of at most 128 KiB where a file has
// them too. What callers hold comes on top: a slice from Object.Bytes lives as long as they
// write it. A Reader of a miss holds nothing: it reads from the file, or from memory as long
// as the block has room there, and else has it fetched again. So without a disk, more slow
// readers than memory has room for cost more reads of the backend, not more memory.
//
// When the store's blobs are files of this machine (it has an OpenFile), they are served
// as they lie, once their digest was found right, and Dir is not used.
//
// An object goes this way: Get finds it in memory, as an entry (a file), or begins a fill.
// A fill's blocks come by flights, each of which has a slot while its block is in memory; a
// block then lies in the fill's part (a partial file) or is a piece (in memory). When all
// blocks are there and their digest is right the part becomes an entry. The verbs:
//
//	find, look     where an object is: memory, entry or fill
//	acquire, spot  where a block of a fill is; whoever finds it nowhere launches a flight
//	launch, run    claim a block, read it; abandon gives the claim back
//	keep, place    put a block that has arrived into the part or among the pieces
//	advance        hash the blocks in their order; conclude compares the digest
//	shelve, adopt  make an entry of a verified fill: write its one block, rename its part
//	enter, forget  put an entry into the shelf, take it out and delete its file
//	take, put      get an open file of an entry, give it back to the entry's pool
//	evict          forget the entry used longest ago, for room
//	hold, release  begin and end the use of a fill; who is last makes it idle or drops it
//	drop           give up all that a fill has, its part and its room on the disk
//	leave          take a fill out of the table; who holds it reads on
//	fail           end a fill for all its readers: the object is wrong, gone or another
//	tear, lose     give up a part that fails, a block that can't be read from it
//	judge          hash an entry's file; distrust has that done again
//	remember       not to ask for a key for a while, and why
//	clean          close and delete, without the lock, what its holder has given up
package cache
