namespace Fovea.Models.Graphs;

/// <summary>
/// Thrown by a shape rule that rejects the shapes of a node's inputs. <see cref="ShapeRules.Infer"/> catches it and reports the node and
/// the reason.
/// </summary>
/// <param name="reason">One clause without a full stop, for users.</param>
internal sealed class ShapeMismatchException(string reason) : Exception(reason);
