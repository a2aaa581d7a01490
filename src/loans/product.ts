/** How a product is written, wherever one is named: in a book, through the API, or by a model that serves it. */
export const PRODUCT = /^[a-z0-9][a-z0-9-]{0,62}$/;
