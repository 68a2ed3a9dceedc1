using Fovea.Models.Architectures;
using Fovea.Models.Graphs;
using Fovea.Models.Layers;
using Fovea.Models.Runtime;
using Microsoft.ML.OnnxRuntime;

namespace Fovea.Models.Tests.Runtime;

public class PlannedSessionTests
{
    private static readonly Shape Images = new(4, 1, 28, 28);

    [Fact]
    public void Each_run_gives_the_answer_of_the_first_run()
    {
        var graph = Catalog.Find("lenet5").Build(seed: 1);
        using var session = new PlannedSession(graph);
        using var plain = Sessions.Open(graph);
        using var binding = session.CreateBinding();
        var (images, logits) = (new float[Images.Size], new float[4 * 10]);
        using var input = OrtValue.CreateTensorValueFromMemory(images, Images.ToInt64());
        using var output = OrtValue.CreateTensorValueFromMemory(logits, [4, 10]);
        using var options = new RunOptions();
        binding.BindInput("input", input);
        binding.BindOutput("logits", output);
        var random = new SeededRandom(1);
        for (int run = 0; run < 4; run++)
        {
            foreach (ref float pixel in images.AsSpan())
            {
                pixel = random.Uniform(0, 1);
            }

            Array.Clear(logits);
            session.Run(binding);
            using var expected = plain.Run(options, ["input"], [input], ["logits"]);
            Assert.Equal(expected[0].GetTensorDataAsSpan<float>().ToArray(), logits);
        }
    }
}
