using System.Globalization;
using System.Numerics;
using Fovea.Models.Errors;
using Fovea.Models.Graphs;

namespace Fovea.Training.Optimizers;

/// <summary>
/// The rule that updates a parameter from its gradient. The rule is elementwise, and reads each old value exactly once, before it writes
/// the new value, so it can run in place. Two optimizers with the same settings are equal.
/// </summary>
internal abstract record Optimizer
{
    /// <summary>The optimizers' names on the command line.</summary>
    public static IReadOnlyList<string> Names { get; } = ["adam", "adamw", "sgd"];

    /// <summary>Creates an optimizer. The defaults are PyTorch's, except for a momentum of 0.9.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <param name="momentum">The share of the previous step that is added to the next, 0 to less than 1; default 0.9; sgd only.</param>
    /// <param name="nesterov">Whether to use Nesterov's momentum; sgd only, with a momentum over 0.</param>
    /// <param name="weightDecay">
    /// The weight decay, 0 to 1; default 0, and 0.01 for adamw. adamw multiplies the parameters by 1 - rate x decay; the others add decay x
    /// parameter to the gradient.
    /// </param>
    /// <exception cref="FoveaException">
    /// The name is unknown, a setting is out of range, or the optimizer does not have the setting.
    /// </exception>
    public static Optimizer Create(string name, double? momentum = null, bool nesterov = false, double? weightDecay = null)
    {
        Check(
            name == "sgd" || (momentum is null && !nesterov),
            $"The optimizer is {name}, which has no momentum; expected sgd, or neither --momentum nor --nesterov");
        Check(momentum is null or (>= 0 and < 1), Text($"The momentum is {momentum}; expected 0 to less than 1"));
        Check(!nesterov || momentum != 0, "The momentum is 0; expected more than 0 with --nesterov");
        Check(weightDecay is null or (>= 0 and <= 1), Text($"The weight decay is {weightDecay}; expected 0 to 1"));
        return name switch
        {
            "adam" => new Adam(name, weightDecay ?? 0, Decoupled: false),
            "adamw" => new Adam(name, weightDecay ?? 0.01, Decoupled: true),
            "sgd" => new Sgd(momentum ?? 0.9, nesterov, weightDecay ?? 0),
            _ => throw new FoveaException(ErrorCode.BadArgument, $"The optimizer is {name}; expected {string.Join(", ", Names)}."),
        };

        static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

        static void Check(bool holds, string message)
        {
            if (!holds)
            {
                throw new FoveaException(ErrorCode.BadArgument, $"{message}.");
            }
        }
    }

    /// <summary>The name on the command line.</summary>
    public abstract string Name { get; }

    /// <summary>The learning rate if neither the user nor a recipe sets one.</summary>
    public abstract double DefaultLearningRate { get; }

    /// <summary>The number of state values that each parameter keeps between steps; they start at zero.</summary>
    public abstract int States { get; }

    /// <summary>Returns the scalar inputs of the rule for a step. Their number is the same at each step.</summary>
    /// <param name="step">The step's number, from 1.</param>
    /// <param name="learningRate">The learning rate.</param>
    public abstract float[] Rates(long step, double learningRate);

    /// <summary>Returns the name and the settings as text, for checkpoints and reports.</summary>
    public abstract override string ToString();

    /// <summary>Adds the rule to a graph.</summary>
    /// <param name="g">The graph.</param>
    /// <param name="parameter">The parameters, [n].</param>
    /// <param name="gradient">The gradients of the parameters, [n].</param>
    /// <param name="state">The state, <see cref="States"/> values of shape [n].</param>
    /// <param name="rates">Scalars, in the order of <see cref="Rates"/>.</param>
    /// <returns>The new parameters and the new state, in the same shapes.</returns>
    public abstract (Value Parameter, Value[] State) Emit(Graph g, Value parameter, Value gradient, Value[] state, Value[] rates);

    /// <summary>Computes the rule in place in main memory, with the same operations in the same order as the graph.</summary>
    /// <param name="parameter">The parameters, [n] vectors.</param>
    /// <param name="gradient">The gradients of the parameters, [n].</param>
    /// <param name="first">The first state, [n]; empty if the rule has none.</param>
    /// <param name="second">The second state, [n]; empty if the rule has none.</param>
    /// <param name="rates">Numbers, in the order of <see cref="Rates"/>.</param>
    public abstract void Apply(
        Span<Vector<float>> parameter, ReadOnlySpan<Vector<float>> gradient, Span<Vector<float>> first, Span<Vector<float>> second,
        ReadOnlySpan<float> rates);
}
