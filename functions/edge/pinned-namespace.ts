// The only way to a Durable Object here: through the namespace of its jurisdiction, so that none is ever created unpinned.

/**
 * The part of a namespace whose objects live in the jurisdiction (developers.cloudflare.com/durable-objects/reference/data-location).
 * Throws what the runtime throws for a jurisdiction it does not offer: callers fail closed.
 */
export function pinned<Namespace extends { jurisdiction(name: never): Namespace }>(namespace: Namespace, jurisdiction: string): Namespace {
  try {
    return namespace.jurisdiction(jurisdiction as never);
  } catch (error) {
    // The open-source workerd runs in one place only and answers every jurisdiction with this error; Cloudflare's edge never does.
    if (error instanceof Error && error.message === "Jurisdiction restrictions are not implemented in workerd.") return namespace;
    throw error;
  }
}
