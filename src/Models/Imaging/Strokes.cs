using Fovea.Models.Graphs;

namespace Fovea.Models.Imaging;

/// <summary>The connected components of an ink map that make up one digit.</summary>
/// <param name="Mask">Whether each pixel of the map belongs to the digit, row-major.</param>
/// <param name="Box">The bounding box of these pixels.</param>
internal sealed record Strokes(bool[] Mask, PixelRectangle Box)
{
    // A component with less than the share MinMass of the main component's ink is a speck. A component that is farther from the main
    // component than the share MaxGap of the main component's long side does not belong to the digit.
    private const double MinMass = 0.03, MaxGap = 0.3;

    // The factor for the ink of a component that is cut off by the map's edge. Such a component is probably the table, a finger or the next
    // word, and not the digit.
    private const double CutWeight = 0.1;

    // A component that contains a circle of this diameter, as a share of its long side, is a sheet of paper on a table, because no stroke
    // is so broad.
    private const double SheetShare = 0.4;

    // Mass is the sum of the ink. Weight is the mass, reduced if the component is cut off by the edge of the map.
    private sealed record Component(int Label, double Mass, double Weight, PixelRectangle Box);

    /// <summary>
    /// The component with the largest weight among the pixels above the threshold, together with the components near it. <c>null</c> if no
    /// pixel is above the threshold.
    /// </summary>
    public static Strokes? Find(InkMap map, float threshold)
    {
        int[] labels = new int[map.Ink.Length];
        var components = LabelComponents(map, threshold, labels);
        if (components.MaxBy(component => component.Weight) is not { } main)
        {
            return null;
        }

        double reach = MaxGap * Math.Max(main.Box.Width, main.Box.Height);
        bool[] chosen = new bool[components.Count + 1];
        var box = main.Box;
        foreach (var component in components)
        {
            // A component that is cut off by the map's edge is joined only if the main component is cut off too.
            bool mayBelong = component.Weight == component.Mass || main.Weight != main.Mass;
            if (component == main || (mayBelong && component.Mass >= MinMass * main.Mass && Gap(component.Box, main.Box) <= reach))
            {
                chosen[component.Label] = true;
                box = Union(box, component.Box);
            }
        }

        return new Strokes(Array.ConvertAll(labels, label => chosen[label]), box);
    }

    /// <summary>Whether the component is a sheet of paper, not a digit. The whole sheet must be visible in the map.</summary>
    public bool IsSheet(InkMap map)
    {
        int side = Math.Max(Box.Width, Box.Height);
        bool isWhole = Box.X > 0 && Box.Y > 0 && Box.X + Box.Width < map.Width && Box.Y + Box.Height < map.Height;
        return isWhole && side > Math.Max(map.Width, map.Height) / 5 && Mask.Count(ink => ink) > Box.Width * Box.Height / 2
            && Morphology.Distance(Array.ConvertAll(Mask, ink => !ink), map.Width, map.Height).Max() > SheetShare / 2 * side;
    }

    // Connected-component labelling by flood fill with 8 neighbours. Writes the label of each pixel, from 1; 0 below the threshold.
    private static List<Component> LabelComponents(InkMap map, float threshold, int[] labels)
    {
        var components = new List<Component>();
        for (int start = 0; start < labels.Length; start++)
        {
            if (labels[start] == 0 && map.Ink[start] >= threshold)
            {
                components.Add(Fill(map, threshold, labels, start, label: components.Count + 1));
            }
        }

        return components;
    }

    // Labels the component that contains the pixel start.
    private static Component Fill(InkMap map, float threshold, int[] labels, int start, int label)
    {
        int left = map.Width, right = 0, top = map.Height, bottom = 0;
        double mass = 0;
        var open = new Stack<int>();
        labels[start] = label;
        open.Push(start);
        while (open.TryPop(out int i))
        {
            var (y, x) = Math.DivRem(i, map.Width);
            (left, right, top, bottom) = (Math.Min(left, x), Math.Max(right, x), Math.Min(top, y), Math.Max(bottom, y));
            mass += map.Ink[i];
            for (int ny = Math.Max(0, y - 1); ny <= Math.Min(map.Height - 1, y + 1); ny++)
            {
                for (int nx = Math.Max(0, x - 1); nx <= Math.Min(map.Width - 1, x + 1); nx++)
                {
                    int neighbour = (ny * map.Width) + nx;
                    if (labels[neighbour] == 0 && map.Ink[neighbour] >= threshold)
                    {
                        labels[neighbour] = label;
                        open.Push(neighbour);
                    }
                }
            }
        }

        bool isCut = left == 0 || top == 0 || right == map.Width - 1 || bottom == map.Height - 1;
        return new(label, mass, isCut ? mass * CutWeight : mass, new(left, top, right - left + 1, bottom - top + 1));
    }

    // The distance of two boxes along the axis on which they are farther apart; 0 if they overlap.
    private static double Gap(PixelRectangle a, PixelRectangle b)
    {
        int x = Math.Max(a.X - b.X - b.Width, b.X - a.X - a.Width), y = Math.Max(a.Y - b.Y - b.Height, b.Y - a.Y - a.Height);
        return Math.Max(0, Math.Max(x, y));
    }

    private static PixelRectangle Union(PixelRectangle a, PixelRectangle b)
    {
        int x = Math.Min(a.X, b.X), y = Math.Min(a.Y, b.Y);
        return new(x, y, Math.Max(a.X + a.Width, b.X + b.Width) - x, Math.Max(a.Y + a.Height, b.Y + b.Height) - y);
    }
}
