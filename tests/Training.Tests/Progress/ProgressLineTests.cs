using Fovea.Models.TrainingEvents;
using Fovea.Training.Progress;

namespace Fovea.Training.Tests.Progress;

public class ProgressLineTests
{
    [Fact]
    public void Network_that_runs_unchanged_is_told_with_the_reason() => Assert.Equal(
        "the network runs unchanged, because rewriting it failed: model.onnx is odd",
        ProgressLine.Of(new NotRewritten("model.onnx is odd")));
}
