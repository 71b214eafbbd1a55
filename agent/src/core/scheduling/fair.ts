/**
 * The fair queue of one lane: turns between accounts, and inside unattributed mail between what it claims to be.
 *
 * Unattributed mail is one account among the others. Inside it turns are taken between the domains it claims, and inside a
 * domain between addresses: a hint gives a share of the queue and nothing else (invariant 8). So the tree has one level
 * for most mail and three for unattributed; parcels stand in its leaves in order of arrival.
 *
 * Turns are taken by a virtual clock (self-clocked fair queueing, Golestani 1994) instead of a ring with deficits. Each
 * node has a tag: the clock when it came to have its present head, plus that head's cost in recipients. The lowest tag is
 * next, the clock follows the tags served. What DRR gives is kept: whoever comes new is served after those who wait one
 * round already and before anybody's second turn, and a transaction of 100 recipients pays for 100 single ones. What it
 * saves is the walk over nodes in debt: every step is O(log nodes) however the costs are.
 *
 * A node without parcels does not exist. Nothing is lost with it: its head was paid before it was served.
 *
 * A node of the first level can be parked: it keeps its parcels and takes no turn. Not here: who is parked and when
 * (share.ts), what a parcel costs (the caller tells).
 */
import { type HeapOrder, heapAdjust, heapInsert, heapRemove } from './heap.ts';
import { none, type Parcels } from './parcel.ts';
import { type Ringed, ringLeave } from './ring.ts';

/** Nodes that take turns with each other. `L` is what the queue belongs to: the lane. */
export type Branch<L> = {
	/** All of them: one, or by key. */
	nodes: FairNode<L> | Map<string, FairNode<L>> | undefined;
	/** Those that are not parked, as a heap by tag. */
	turns: FairNode<L>[] | undefined;
	clock: number;
};

export interface FairNode<L> extends Ringed<FairNode<L>> {
	readonly key: string;
	readonly lane: L;
	readonly siblings: Branch<L>;
	/** Undefined on the first level. */
	readonly parent: FairNode<L> | undefined;
	/** Undefined in a leaf. */
	readonly branch: Branch<L> | undefined;
	/** Parcels of a leaf: first and last of the chain, or `none`. */
	head: number;
	tail: number;
	tag: number;
	/** Order among equal tags. */
	arrival: number;
	/** Cost already paid for the head. */
	paid: number;
	/** Position in `siblings.turns`; `none` while parked. */
	position: number;
}

/** What the fair queues of all lanes share. */
export type FairContext<L> = {
	readonly parcels: Parcels<FairNode<L>>;
	/** Recipients a transaction with this parcel would take, at least 1. */
	readonly costOf: (slot: number) => number;
	/** Counts arrivals of nodes. */
	arrivals: number;
};

export const createBranch = <L>(): Branch<L> => ({ nodes: undefined, turns: undefined, clock: 0 });

const byTag: HeapOrder<FairNode<unknown>> = {
	before: (a, b) => a.tag < b.tag || (a.tag === b.tag && a.arrival < b.arrival),
	moved: (node, position) => {
		node.position = position;
	},
};

/** The node whose turn it is; undefined when there is none that is not parked. */
export const nextTurn = <L>(branch: Branch<L>): FairNode<L> | undefined => branch.turns?.[0];

/** The parcel at the head of a node. */
export function headOf<L>(node: FairNode<L>): number {
	return leafOf(node).head;
}

function leafOf<L>(node: FairNode<L>): FairNode<L> {
	let leaf = node;
	while (leaf.branch !== undefined) leaf = nextTurn(leaf.branch) as FairNode<L>; // only the first level is ever parked
	return leaf;
}

/** Puts a parcel at the end of its leaf. */
export function fairPush<L extends { readonly queue: Branch<L> }>(
	context: FairContext<L>,
	lane: L,
	slot: number,
): void {
	const message = context.parcels.message[slot];
	if (message === undefined) throw new Error('parcel without a message');
	const isLeaf = message.account !== '';
	let node = nodeFor(lane, lane.queue, { key: message.account, parent: undefined, isLeaf });
	if (!isLeaf) {
		node = nodeFor(lane, node.branch as Branch<L>, { key: message.hintDomain, parent: node, isLeaf: false });
		node = nodeFor(lane, node.branch as Branch<L>, { key: message.hintAddress, parent: node, isLeaf: true });
	}
	const wasEmpty = node.head === none;
	chain(context.parcels, node, slot);
	context.parcels.node[slot] = node;
	if (!wasEmpty) return;
	const cost = context.costOf(slot);
	for (let above: FairNode<L> | undefined = node; above !== undefined; above = above.parent) {
		if (above.position !== none || above.ring !== undefined) break; // it takes turns already, or is parked
		enterTurns(context, above, cost);
	}
}

/** Takes a parcel out, wherever it stands. */
export function fairRemove<L>(context: FairContext<L>, slot: number): void {
	const leaf = context.parcels.node[slot];
	if (leaf === undefined) return;
	unchain(context.parcels, leaf, slot);
	context.parcels.node[slot] = undefined;
	for (let node: FairNode<L> | undefined = leaf; node !== undefined && isEmpty(node); node = node.parent) leave(node);
}

/**
 * The head of a node was served with `cost` recipients: it goes out; its leaf and the nodes above pay, and take their next
 * turn accordingly. None of them may be parked.
 */
export function fairServed<L>(context: FairContext<L>, slot: number, cost: number): void {
	const leaf = context.parcels.node[slot] as FairNode<L>;
	unchain(context.parcels, leaf, slot);
	context.parcels.node[slot] = undefined;
	for (let node: FairNode<L> | undefined = leaf; node !== undefined; node = node.parent) {
		const { siblings } = node;
		if (node.tag > siblings.clock) siblings.clock = node.tag;
		if (isEmpty(node)) {
			leave(node);
			continue;
		}
		const nextCost = context.costOf(headOf(node));
		// What was paid was for the head as it stood then: it may have lost recipients, or another may have overtaken it.
		node.tag = Math.max(siblings.clock, siblings.clock + nextCost + cost - node.paid);
		node.paid = nextCost;
		node.arrival = ++context.arrivals;
		heapAdjust(siblings.turns as FairNode<L>[], node.position, byTag);
	}
}

/** Takes a first-level node out of the turns; its parcels stay. */
export function suspendTurns<L>(node: FairNode<L>): void {
	removeTurn(node);
}

/** A parked node takes turns again, behind those who wait. */
export function resumeTurns<L>(context: FairContext<L>, node: FairNode<L>): void {
	ringLeave(node);
	enterTurns(context, node, context.costOf(headOf(node)));
}

const isEmpty = <L>(node: FairNode<L>): boolean =>
	node.branch === undefined ? node.head === none : node.branch.nodes === undefined;

function enterTurns<L>(context: FairContext<L>, node: FairNode<L>, cost: number): void {
	node.tag = node.siblings.clock + cost;
	node.paid = cost;
	node.arrival = ++context.arrivals;
	insertTurn(node);
}

function insertTurn<L>(node: FairNode<L>): void {
	const { siblings } = node;
	if (siblings.turns === undefined) {
		siblings.turns = [node]; // exactly one slot: most lanes have one account
		node.position = 0;
	} else heapInsert(siblings.turns, node, byTag);
}

function removeTurn<L>(node: FairNode<L>): void {
	const turns = node.siblings.turns as FairNode<L>[];
	heapRemove(turns, node.position, byTag);
	if (turns.length === 0) node.siblings.turns = undefined;
}

/** The node is empty: it ceases to exist. */
function leave<L>(node: FairNode<L>): void {
	if (node.position !== none) removeTurn(node);
	ringLeave(node);
	const { siblings } = node;
	if (siblings.nodes instanceof Map) {
		siblings.nodes.delete(node.key);
		if (siblings.nodes.size === 0) siblings.nodes = undefined;
	} else siblings.nodes = undefined;
}

type NodeWanted<L> = { readonly key: string; readonly parent: FairNode<L> | undefined; readonly isLeaf: boolean };

/** The node with this key, made when it is missing. */
function nodeFor<L>(lane: L, siblings: Branch<L>, wanted: NodeWanted<L>): FairNode<L> {
	const { nodes } = siblings;
	const found = nodes instanceof Map ? nodes.get(wanted.key) : nodes?.key === wanted.key ? nodes : undefined;
	if (found !== undefined) return found;
	const node: FairNode<L> = {
		key: wanted.key,
		lane,
		siblings,
		parent: wanted.parent,
		branch: wanted.isLeaf ? undefined : createBranch<L>(),
		head: none,
		tail: none,
		tag: 0,
		arrival: 0,
		paid: 0,
		position: none,
		next: undefined,
		previous: undefined,
		ring: undefined,
	};
	if (nodes === undefined) siblings.nodes = node;
	else if (nodes instanceof Map) nodes.set(node.key, node);
	else
		siblings.nodes = new Map([
			[nodes.key, nodes],
			[node.key, node],
		]);
	return node;
}

function chain<L>(parcels: Parcels<FairNode<L>>, leaf: FairNode<L>, slot: number): void {
	parcels.previous[slot] = leaf.tail;
	parcels.next[slot] = none;
	if (leaf.tail === none) leaf.head = slot;
	else parcels.next[leaf.tail] = slot;
	leaf.tail = slot;
}

function unchain<L>(parcels: Parcels<FairNode<L>>, leaf: FairNode<L>, slot: number): void {
	const next = parcels.next[slot] as number;
	const previous = parcels.previous[slot] as number;
	if (previous === none) leaf.head = next;
	else parcels.next[previous] = next;
	if (next === none) leaf.tail = previous;
	else parcels.previous[next] = previous;
	parcels.next[slot] = none;
	parcels.previous[slot] = none;
}
