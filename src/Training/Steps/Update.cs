using Fovea.Models;
using Microsoft.ML.OnnxRuntime;

namespace Fovea.Training;

/// <summary>
/// An optimizer's rule as an ONNX graph, run in place over all parameters: in pieces that fit a cache, which also keeps what the runtime needs
/// in between small, however large the network is.
/// </summary>
internal sealed class Update : IDisposable
{
    private const int Piece = 1 << 20;

    private readonly Optimizer optimizer;
    private readonly InferenceSession session;
    private readonly FloatBuffer rates;
    private readonly List<OrtIoBinding> pieces = [];
    private readonly RunOptions options = new();

    public Update(Optimizer optimizer, FloatBuffer parameters, FloatBuffer gradients, IReadOnlyList<FloatBuffer> states)
    {
        this.optimizer = optimizer;
        int rateCount = optimizer.Rates(1, 0).Length;
        rates = new FloatBuffer(rateCount);

        var g = new Graph(optimizer.Name);
        Value Vector(string name) => g.Input(name, ElementType.Float, new Shape(Shape.Free));
        Value parameter = Vector("parameter"), gradient = Vector("gradient");
        Value[] state = [.. states.Select((_, i) => Vector($"state_{i}"))];
        Value[] rate = [.. Enumerable.Range(0, rateCount).Select(i => g.Input($"rate_{i}", ElementType.Float, Shape.Scalar))];
        var next = optimizer.Emit(g, parameter, gradient, state, rate);
        g.Output(next.Parameter);
        foreach (var value in next.State)
        {
            g.Output(value);
        }

        session = Sessions.Open(g);
        for (int offset = 0; offset < parameters.Length; offset += Piece)
        {
            var shape = new Shape(Math.Min(Piece, parameters.Length - offset));
            var binding = session.CreateIoBinding();
            binding.BindInput(gradient.Name, gradients.View(offset, shape));
            foreach (var (from, to, buffer) in state.Zip(next.State, states).Append((parameter, next.Parameter, parameters)))
            {
                var view = buffer.View(offset, shape);
                binding.BindInput(from.Name, view);
                binding.BindOutput(to.Name, view);
            }

            for (int i = 0; i < rateCount; i++)
            {
                // A rate that the rule does not use (no weight decay) is still an input of the graph.
                binding.BindInput(rate[i].Name, rates.View(i, Shape.Scalar));
            }

            pieces.Add(binding);
        }
    }

    /// <summary>Moves the parameters; steps are counted from 1.</summary>
    public void Run(long step, double learningRate)
    {
        optimizer.Rates(step, learningRate).CopyTo(rates.Floats);
        foreach (var piece in pieces)
        {
            session.RunWithBinding(options, piece);
        }
    }

    public void Dispose()
    {
        pieces.ForEach(piece => piece.Dispose());
        session.Dispose();
        options.Dispose();
        ((IDisposable)rates).Dispose();
    }
}
