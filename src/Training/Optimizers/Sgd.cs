using Fovea.Models;

namespace Fovea.Training;

// Stochastic gradient descent with momentum, as PyTorch has it: u = momentum u + g; p = p - rate u
internal sealed class Sgd(float momentum) : Optimizer
{
    public override string Name => "sgd";

    public override double DefaultLearningRate => 1e-2;

    public override int States => 1;

    public override float[] Rates(long step, double learningRate) => [(float)learningRate];

    public override (Value Parameter, Value[] State) Emit(Graph g, Value parameter, Value gradient, Value[] state, Value[] rates)
    {
        var u = state[0] * momentum + gradient;
        return (parameter - u * rates[0], [u]);
    }
}
