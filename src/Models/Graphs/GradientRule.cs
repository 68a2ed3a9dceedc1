namespace Fovea.Models.Graphs;

/// <summary>
/// Adds the gradients dL/dX of a node's inputs to the graph. A rule does not sum over broadcast axes, because <c>Backward</c> does so for
/// all rules. A rule may add nodes whose results are not used, because the graph is pruned afterwards.
/// </summary>
/// <param name="g">The graph.</param>
/// <param name="y">The node of the forward pass.</param>
/// <param name="dY">The gradient of the node's first output, in the output's shape.</param>
/// <returns>One gradient for each input of the node, in order; <c>null</c> for an input without a gradient.</returns>
internal delegate Value?[] GradientRule(Graph g, Node y, Value dY);

/// <summary>A <see cref="GradientRule"/> for an operator with several outputs that all have gradients.</summary>
/// <param name="g">The graph.</param>
/// <param name="y">The node of the forward pass.</param>
/// <param name="dYs">The gradient of each output, in order; zeros for an output on which the loss does not depend.</param>
/// <returns>One gradient for each input of the node, in order; <c>null</c> for an input without a gradient.</returns>
internal delegate Value?[] GradientRuleOfOutputs(Graph g, Node y, Value[] dYs);
