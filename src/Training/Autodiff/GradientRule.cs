using Fovea.Models;

namespace Fovea.Training;

/// <summary>
/// Emits dL/dX for each input X of <paramref name="y"/>, in input order; null where no gradient flows. Broadcasting is undone by
/// <see cref="Backward"/>, never here, and nodes whose result nobody needs are pruned after it.
/// </summary>
internal delegate Value?[] GradientRule(Graph g, Node y, Value dY);

/// <summary>The same for an operator whose outputs all have gradients: one for each output, in order, zeros where the loss does not depend on it.</summary>
internal delegate Value?[] GradientRuleOfOutputs(Graph g, Node y, Value[] dYs);
