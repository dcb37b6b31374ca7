import { join } from 'node:path';
import type { Order } from './order.ts';
import type { UpdatePlaces } from './tools.ts';

/** Where an order keeps its download and its staged bundle: a folder of its own, removed by its own name. */
export function stagingOf(places: Pick<UpdatePlaces, 'stagingFolder'>, order: Pick<Order, 'id'>): string {
  return join(places.stagingFolder, order.id);
}

export function stagedBundleOf(places: Pick<UpdatePlaces, 'stagingFolder'>, order: Pick<Order, 'id'>): string {
  return join(stagingOf(places, order), 'bundle');
}

/** Where a swap parks the bundle that has to leave `X_old` or, in a rollback, `X`. */
export function parkedBundleOf(places: Pick<UpdatePlaces, 'stagingFolder'>, order: Pick<Order, 'id'>): string {
  return join(stagingOf(places, order), 'parked');
}
