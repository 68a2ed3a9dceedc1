using Fovea.Models.Architectures;
using Fovea.Models.Graphs;
using Fovea.Models.Layers;
using Fovea.Models.Runtime;
using Fovea.Training.Steps;
using Microsoft.ML.OnnxRuntime;

namespace Fovea.Training.Tests.Steps;

public class NetworkGradientTests
{
    private const int BatchSize = 4;

    [Theory, InlineData("lenet5")]
    public void Whole_network_gradient_matches_central_differences(string name)
    {
        using var check = new NetworkGradient(Catalog.Find(name).Build(seed: 3), BatchSize);
        foreach (var (parameter, offset) in check.Layout.Offsets)
        {
            var (analytic, numeric) = check.Along(parameter, offset);
            Assert.True(
                Math.Abs(analytic - numeric) <= 2e-2 * Math.Max(Math.Abs(numeric), 1e-2),
                $"{parameter.Name}: {analytic} by differentiation, {numeric} by differences");
        }
    }

    // Moves each parameter along its own gradient. The loss must change by the step length times the gradient's length.
    private sealed class NetworkGradient : IDisposable
    {
        private readonly GradientGraph graph;
        private readonly float[] parameters, gradients, images, targets;

        public NetworkGradient(Graph network, int batchSize)
        {
            Layout = new ParameterLayout(network);
            graph = new GradientGraph(network, batchSize);
            Session = Sessions.Open(graph.Graph);
            parameters = new float[Layout.Length];
            foreach (var (parameter, offset) in Layout.Offsets)
            {
                network.Initializers[parameter].Floats.CopyTo(parameters.AsSpan(offset));
            }

            var random = new SeededRandom(5);
            images = [.. Enumerable.Range(0, (int)graph.Images.Shape.Size).Select(_ => random.Uniform(0, 1))];
            targets = new float[graph.Targets.Shape.Size];
            for (int i = 0; i < batchSize; i++)
            {
                targets[i * graph.Targets.Shape[1] + i] = 1;
            }

            (_, gradients) = Run();
        }

        public ParameterLayout Layout { get; }

        private InferenceSession Session { get; }

        public (double Analytic, double Numeric) Along(Value parameter, int offset)
        {
            var place = new Range(offset, offset + (int)parameter.Shape.Size);
            var direction = gradients.AsSpan(place).ToArray();
            double length = Math.Sqrt(direction.Sum(d => (double)d * d));
            float step = 2e-3f / (float)length;
            double above = At(step), below = At(-step);
            return (length * length, (above - below) / (2 * step));

            double At(float distance)
            {
                var kept = parameters.AsSpan(place).ToArray();
                for (int i = 0; i < kept.Length; i++)
                {
                    parameters[offset + i] += distance * direction[i];
                }

                double loss = Run().Loss;
                kept.CopyTo(parameters.AsSpan(place));
                return loss;
            }
        }

        public void Dispose() => Session.Dispose();

        private (double Loss, float[] Gradients) Run()
        {
            using var options = new RunOptions();
            var inputs = new List<(string Name, OrtValue Value)>
            {
                (graph.Images.Name, Of(images, graph.Images.Shape)),
                (graph.Targets.Name, Of(targets, graph.Targets.Shape)),
            };
            inputs.AddRange(Layout.Offsets.Select(p => (p.Key.Name, Of(parameters.AsMemory(p.Value, (int)p.Key.Shape.Size), p.Key.Shape))));
            using var results = Session.Run(
                options,
                [.. inputs.Select(i => i.Name)],
                [.. inputs.Select(i => i.Value)],
                [.. graph.Gradients.Prepend(graph.Loss).Select(v => v.Name)]);
            var all = new float[Layout.Length];
            foreach (var (i, offset) in Layout.Offsets.Values.Index())
            {
                results[i + 1].GetTensorDataAsSpan<float>().CopyTo(all.AsSpan(offset));
            }

            inputs.ForEach(i => i.Value.Dispose());
            return (results[0].GetTensorDataAsSpan<float>()[0], all);
        }

        private static OrtValue Of(Memory<float> values, Shape shape) =>
            OrtValue.CreateTensorValueFromMemory(OrtMemoryInfo.DefaultInstance, values, shape.ToInt64());
    }
}
