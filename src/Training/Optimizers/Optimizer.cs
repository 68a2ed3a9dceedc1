using Fovea.Models;

namespace Fovea.Training;

/// <summary>
/// The second half of a training step: how a parameter moves, given its gradient. The rule is elementwise and reads each old value exactly once,
/// before writing its successor, so it may run in place.
/// </summary>
internal abstract class Optimizer
{
    /// <summary>The optimizers by the names they have on the command line.</summary>
    public static IReadOnlyList<Optimizer> All { get; } = [new Adam("adam", weightDecay: 0), new Adam("adamw", weightDecay: 0.01f), new Sgd(momentum: 0.9f)];

    /// <summary>The optimizer of this name; it must be one of <see cref="All"/>.</summary>
    public static Optimizer Find(string name) => All.First(optimizer => optimizer.Name == name);

    /// <summary>The name on the command line.</summary>
    public abstract string Name { get; }

    /// <summary>The learning rate where none is given.</summary>
    public abstract double DefaultLearningRate { get; }

    /// <summary>How many numbers are kept for each parameter between steps; zero at first.</summary>
    public abstract int States { get; }

    /// <summary>The scalars that the rule takes at a step, counted from 1.</summary>
    public abstract float[] Rates(long step, double learningRate);

    /// <summary>Emits the rule: the parameter's successor, and that of each state.</summary>
    public abstract (Value Parameter, Value[] State) Emit(Graph g, Value parameter, Value gradient, Value[] state, Value[] rates);
}
