using Fovea.Models;

namespace Fovea.Training;

/// <summary>
/// The second half of a training step: how a parameter moves, given its gradient. The rule is elementwise and reads each old value exactly once,
/// before writing its successor, so it may run in place. Two optimizers with the same settings are equal.
/// </summary>
internal abstract record Optimizer
{
    /// <summary>The names they have on the command line.</summary>
    public static IReadOnlyList<string> Names { get; } = ["adam", "adamw", "sgd"];

    /// <summary>An optimizer with PyTorch's defaults for what is not given, and momentum 0.9.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <param name="momentum">Share of the last step that is taken again, 0 to less than 1; sgd only.</param>
    /// <param name="nesterov">Whether the gradient counts where momentum leads to; sgd only, with a momentum over 0.</param>
    /// <param name="weightDecay">0 to 1; adamw shrinks the parameters by it times the rate, the others add it times the parameter to the gradient.</param>
    /// <exception cref="FoveaException">A setting is out of range or not this optimizer's.</exception>
    public static Optimizer Create(string name, double? momentum = null, bool nesterov = false, double? weightDecay = null)
    {
        Check(name == "sgd" || (momentum is null && !nesterov), $"{name} with momentum; expected sgd with it, or neither --momentum nor --nesterov");
        Check(momentum is null or (>= 0 and < 1), $"a momentum of {momentum}; expected 0 to less than 1");
        Check(!nesterov || momentum != 0, "Nesterov's step without momentum; expected a momentum over 0");
        Check(weightDecay is null or (>= 0 and <= 1), $"a weight decay of {weightDecay}; expected 0 to 1");
        return name switch
        {
            "adam" => new Adam(name, weightDecay ?? 0, Decoupled: false),
            "adamw" => new Adam(name, weightDecay ?? 0.01, Decoupled: true),
            "sgd" => new Sgd(momentum ?? 0.9, nesterov, weightDecay ?? 0),
            _ => throw new FoveaException(ErrorCode.BadArgument, $"There is no optimizer {name}; expected {string.Join(", ", Names)}."),
        };

        static void Check(bool holds, string otherwise)
        {
            if (!holds)
            {
                throw new FoveaException(ErrorCode.BadArgument, $"Training cannot take {otherwise}.");
            }
        }
    }

    /// <summary>The name on the command line.</summary>
    public abstract string Name { get; }

    /// <summary>The learning rate where none is given.</summary>
    public abstract double DefaultLearningRate { get; }

    /// <summary>How many numbers are kept for each parameter between steps; zero at first.</summary>
    public abstract int States { get; }

    /// <summary>The scalars that the rule takes at a step, counted from 1; as many at each.</summary>
    public abstract float[] Rates(long step, double learningRate);

    /// <summary>Emits the rule: the parameter's successor, and that of each state.</summary>
    public abstract (Value Parameter, Value[] State) Emit(Graph g, Value parameter, Value gradient, Value[] state, Value[] rates);
}
