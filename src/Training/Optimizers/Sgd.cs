using System.Globalization;
using Fovea.Models.Graphs;

namespace Fovea.Training.Optimizers;

// Stochastic gradient descent as PyTorch computes it: g = g + decay p;  u = momentum u + g;  p = p - rate u.
// With Nesterov's momentum: p = p - rate (g + momentum u).
internal sealed record Sgd(double Momentum, bool Nesterov, double WeightDecay) : Optimizer
{
    public override string Name => "sgd";

    public override double DefaultLearningRate => 1e-2;

    public override int States => Momentum == 0 ? 0 : 1;

    public override float[] Rates(long step, double learningRate) => [(float)learningRate];

    public override (Value Parameter, Value[] State) Emit(Graph g, Value parameter, Value gradient, Value[] state, Value[] rates)
    {
        gradient = WeightDecay == 0 ? gradient : gradient + parameter * (float)WeightDecay;
        if (Momentum == 0)
        {
            return (parameter - gradient * rates[0], []);
        }

        var u = state[0] * (float)Momentum + gradient;
        return (parameter - (Nesterov ? gradient + u * (float)Momentum : u) * rates[0], [u]);
    }

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"sgd, {(Nesterov ? "Nesterov's " : "")}momentum {Momentum}, weight decay {WeightDecay}");
}
