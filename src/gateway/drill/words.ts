/** In what people are told of a held message. */
export const SAVED = "message is saved";
/** In the same, when the operator was told before. */
export const ALERTED = "operator was alerted";
