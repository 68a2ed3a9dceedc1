using Fovea.Api.Explanation;
using Fovea.Api.Tests.FineTuning;
using Fovea.Models.Explanations;
using Fovea.Models.Runtime;

namespace Fovea.Api.Tests.Explanation;

public sealed class IdleExplainersTests
{
    [Fact]
    public void Sessions_are_closed_a_minute_after_their_last_use()
    {
        using var model = Classifier.Load(RepositoryRoot.PathOf("onnx", "lenet5", "1", "model.onnx"));
        using var explainer = new Explainer(model, onAllCores: false);
        var clock = new ManualClock();
        using var idle = new IdleExplainers(clock);
        var before = Explained();
        clock.AdvanceTo(30);
        Explained();
        clock.AdvanceTo(61);
        Assert.True(explainer.HasSessions);
        clock.AdvanceTo(122);
        Assert.False(explainer.HasSessions);
        Assert.Equal(before, Explained());
        Assert.True(explainer.HasSessions);

        float[][] Explained()
        {
            var found = explainer.Explain(new float[model.Input.Size], stop: TestContext.Current.CancellationToken);
            idle.Used(explainer);
            return found.Map.Rows.ToArray();
        }
    }
}
